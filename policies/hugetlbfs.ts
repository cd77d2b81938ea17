import { compose, type PolicyEntry } from '../sim/policy-api.ts';
import { entry } from './entry.ts';
import { FAIR, LINUX_CPU, linuxCpu } from './linux-cpu.ts';
import { hugetlbfs } from './memory/hugetlbfs.ts';

/** Memory of guests from a pool of huge pages. */
export const hugetlbfsPolicies: readonly PolicyEntry[] = [
  entry(
    'kvm-hugetlbfs',
    'vCPUs float as in kvm-cfs, and all memory of a guest is taken at its start from the node where QEMU happens to start.',
    `QEMU -mem-path, -mem-prealloc (util/oslib-posix.c); Linux mm/hugetlb.c; ${LINUX_CPU}`,
    [],
    (name) => compose(name, { cpu: linuxCpu(), memory: hugetlbfs() }),
    FAIR,
  ),
];
