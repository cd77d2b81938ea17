import { Session } from 'node:inspector';

/** What each function's time is for, by file and, in the files that do two things, by function. */
const PARTS: readonly (readonly [part: string, pattern: RegExp])[] = [
  ['recording', /\/record\.js:|:(book|countLines|countPair|note)$/],
  ['speeds', /\/(contention[-a-z]*|fifo-delays|flow-table|swept-matrix|flows|cache)\.js:|:(settle|markPending|setFinish)$/],
  ['dispatch', /\/(host|host-kernel|dsq|cpu-set)\.js:|\/policies\//],
  ['guests', /\/(guest-[a-z]+|ready-queue|sync-objects|memory|boot|bursts|host-noise|dom0)\.js:|\/workloads\//],
  ['loop', /\/sim\//],
];

/** Shares of the CPU time of `work` by part of the simulator, from samples of the stack's top. */
export function shares(work: () => void): Record<string, number> {
  const session = new Session();
  session.connect();
  let profile: Profile | null = null;
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: 200 });
  session.post('Profiler.start');
  work();
  session.post('Profiler.stop', (_error, result) => {
    profile = result.profile as Profile;
  });
  session.disconnect();
  const { nodes, samples = [], timeDeltas = [] } = profile! as Profile;
  const partOf = new Map(nodes.map(({ id, callFrame: { url, functionName } }) => [id, partNamed(`${url}:${functionName}`)]));
  const sums: Record<string, number> = Object.fromEntries([...PARTS.map(([part]) => [part, 0]), ['other', 0]]);
  samples.forEach((node, i) => (sums[partOf.get(node)!]! += timeDeltas[i]!));
  const total = Object.values(sums).reduce((sum, value) => sum + value, 0);
  return Object.fromEntries(Object.entries(sums).map(([part, value]) => [part, value / total]));
}

interface Profile {
  nodes: { id: number; callFrame: { url: string; functionName: string } }[];
  samples?: number[];
  timeDeltas?: number[];
}

function partNamed(place: string): string {
  return PARTS.find(([, pattern]) => pattern.test(place))?.[0] ?? 'other';
}
