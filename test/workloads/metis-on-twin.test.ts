import { describe, expect, test } from 'vitest';
import { runResult } from '../../experiments/run-result.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import { nodeReadGBps } from '../../machines/lpd48core.ts';
import { machines } from '../../machines/index.ts';
import { policies } from '../../policies/index.ts';
import { run } from '../../sim/engine.ts';
import { workloads } from '../../workloads/index.ts';

/** GB/s at which threads on the twin map an input that lies on node 2, and the wall clock of the map. */
function mapped(threads: number, order: string, options: string): { rateGBps: number; mapNs: number } {
  const flags = {
    machine: 'opteron-6172-4s',
    kind: 'bare',
    policy: `pin:order=${order},last=2`,
    vcpus: String(threads + 1),
    memory: '4GiB',
    boot: '0',
    workload: `metis-like:input=apart,size=256MiB,passes=2,output=0,reduce=0,${options}`,
    limit: '100s',
    checks: 'all',
  };
  const scenario = readScenario({ flags }, { machines, policies, workloads });
  const { mapNs } = runResult(scenario, run(scenario), 'test').guests[0]!.figures as { mapNs: number };
  return { rateGBps: (2 * 256 * 1024 ** 2) / mapNs, mapNs };
}

describe('a map-reduce program on the measured Opteron', () => {
  test('packed away from its input gets what was measured between the nodes, spread it gets the controller', () => {
    const packed = mapped(6, 'pack', 'accesses=40,cpi=0.1');
    const spread = mapped(48, 'spread', 'accesses=40,cpi=0.1');
    expect(Math.abs(packed.rateGBps / nodeReadGBps[0]![2]! - 1)).toBeLessThan(0.05); // 2.956 GB/s
    expect(Math.abs(spread.rateGBps / nodeReadGBps[2]![2]! - 1)).toBeLessThan(0.08); // 11.1 GB/s; the last map tasks do not keep all busy
  });

  test('scales with its threads and asks for no placement when it only computes', () => {
    const options = 'accesses=0.2,cpi=0.7';
    const [six, sixSpread, all] = [mapped(6, 'pack', options), mapped(6, 'spread', options), mapped(48, 'pack', options)];
    expect(Math.abs(sixSpread.mapNs / six.mapNs - 1)).toBeLessThan(0.03);
    expect(six.mapNs / all.mapNs).toBeGreaterThan(7); // of 8; the host takes its part
    expect(six.mapNs / all.mapNs).toBeLessThan(8.1);
  });
});
