import { compose, type PolicyEntry } from '../sim/policy-api.ts';
import { credit2 } from './cpu/xen/credit2.ts';
import { entry } from './entry.ts';
import { FAIR, LINUX_CPU, linuxCpu } from './linux-cpu.ts';
import { configuredAtBuild, configuredMemory } from './memory/configured.ts';
import { configured } from './placement/configured.ts';
import { libxl } from './placement/libxl.ts';

/** Guests as their own files have them: what `guest import` writes runs under these. */
export const configuredPolicies: readonly PolicyEntry[] = [
  entry(
    'as-configured',
    'Each guest has the pins and the memory binding that its own configuration says, and floats on Linux where that says nothing.',
    `QEMU, -object memory-backend-ram host-nodes, policy, prealloc; libvirt domain XML, vcpupin and numatune; taskset, numactl; ${LINUX_CPU}; mm/mempolicy.c`,
    [],
    (name) => compose(name, { placement: configured(null), cpu: linuxCpu(), memory: configuredMemory() }),
    { ...FAIR, numaBase: 'kvm-cfs', configured: 'no-soft-pins' },
  ),
  entry(
    'as-configured-xen',
    'Each guest has the hard and soft affinity and the nodes that its own configuration says, and is placed by xl where that says nothing.',
    'Xen, xl.cfg cpus, cpus_soft, vnuma; tools/libs/light/libxl_numa.c (libxl__get_numa_candidate); common/sched/credit2.c; common/page_alloc.c (get_free_buddy)',
    [],
    (name) =>
      compose(name, {
        placement: configured(libxl({ hold: 'soft', isFaithful: true })),
        cpu: credit2({ arrangement: 'socket', mostCpus: 16, ratelimitNs: 1_000_000, isFaithful: true }),
        memory: configuredAtBuild(),
      }),
    { caps: true, weights: true, configured: 'all' },
  ),
];
