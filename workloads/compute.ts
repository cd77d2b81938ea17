import { numberOption } from '../sim/options.ts';
import { ms } from '../sim/units.ts';
import type { WorkloadEntry } from '../sim/workload-api.ts';
import { fillCompute } from './computing.ts';

/** Work without memory: no placement can make it faster, so a policy that claims a gain here is wrong. */
export const compute: WorkloadEntry = {
  name: 'compute',
  summary: 'pure instructions without memory: each vCPU computes for ever',
  ends: 'never',
  options: [{ name: 'phase', summary: 'length of one phase', kind: 'time', default: ms(10), min: 1 }],
  build(options, setup) {
    const instructions = numberOption(options, 'phase') * setup.clockGHz;
    return {
      tasks: setup.vcpus,
      regions: 0,
      unit: 'Ginstr/s',
      next: (_task, phase) => fillCompute(phase, instructions, instructions / 1e9),
    };
  },
};
