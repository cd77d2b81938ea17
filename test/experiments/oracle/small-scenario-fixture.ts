import { lab } from '../../../cli/lab.ts';
import { score } from '../../../experiments/oracle/score.ts';
import { readScenario } from '../../../experiments/scenario-input.ts';
import { namedStream } from '../../../sim/random.ts';
import type { Recording } from '../../../sim/recording.ts';
import type { Scenario } from '../../../sim/scenario.ts';

const own = lab('test');
export const { policies } = own;

/** Runs as the command line does, searches included. */
export const runLab = (scenario: Scenario): Recording => own.run(scenario);

/** A short scenario on the lopsided machine, of 3, 1 and 2 CPUs. */
export function small(words: Readonly<Record<string, string>>): Scenario {
  return readScenario({ flags: { machine: 'lopsided', memory: '256MiB', boot: '0.1', duration: '40ms', ...words } }, own);
}

const WORKLOADS = ['lmbench-rd:size=16MiB', 'lmbench-lat:size=16MiB', 'compute', 'stream', 'hot-set'];
const STATIC = [
  'pin:order=pack',
  'pin:order=spread',
  'pin:order=scatter',
  'pin:order=pack,memory=interleave',
  'kvm-numactl',
  'libvirt:vcpupin=yes',
  ...[0, 1, 2].flatMap((node) => [
    `numactl:cpunodebind=${node},preferred=${node}`,
    `numactl:cpunodebind=${node},preferred=${(node + 1) % 3}`,
  ]),
];

/**
 * The i-th of the random scenarios: what oracle-static makes of it, and what each of its rivals does. The policy random is none: it is
 * not static, and where nothing is to be gained by placement it can win by fewer calls of helpers, or longer slices.
 */
export function contest(seed: string, i: number): { words: string; oracle: number; rivals: Record<string, number> } {
  const random = namedStream(seed, 'oracle', i, 'scenario');
  const draw = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)]!;
  const words = { workload: draw(WORKLOADS), guests: draw(['1', '2', '3', '5']), vcpus: draw(['1', '1', '2', '3']), seed: String(i + 1) };
  const worth = (policy: string): number => {
    const scenario = small({ ...words, policy });
    return score(scenario, runLab(scenario));
  };
  return {
    words: JSON.stringify(words),
    oracle: worth('oracle-static:runs=40'),
    rivals: Object.fromEntries(STATIC.map((policy) => [policy, worth(policy)])),
  };
}
