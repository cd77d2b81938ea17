import { below, namedStream, type Random } from '../../sim/random.ts';
import { LINE_BYTES } from '../../sim/units.ts';
import { Agenda } from './agenda.ts';
import type { Flow, Network } from './network.ts';
import { serversOf } from './servers.ts';

/** What a flow got: lines per ns, and the mean time of a line from asking to having. */
export interface Speed {
  readonly linesPerNs: number;
  readonly latencyNs: number;
}

/**
 * The network line by line. Each line in flight is a request that goes round: it takes the next address of its CPU's sequence, visits
 * the servers on the way to that address one by one, and computes. A server takes requests first come first served and is busy with
 * each for 64 B over its capacity. Its idle latency is spread over the visits in proportion to their service, so that a line which is
 * alone takes just that long and never meets itself; where others stand before it, it takes longer by their service.
 *
 * A CPU of M lines in flight computes for each of them M times as long as for a line, as M chains of misses side by side do. A
 * written line visits controller and pair again on its way back, as often on average as it weighs more, and holds its place in
 * flight until then: so it waits in proportion to what it loads, which is what the fluid model says of every class. A heavier visit
 * in place of a second one loads as much but waits once, and a write-back for which nobody waits is not waited for at all: the same
 * total wherever the server is full, other shares for those who read and those who write.
 */
export function simulateRequests({ seed, spec, flows, blockBytes, durationNs }: Network): Speed[] {
  const { serviceNs, ways } = serversOf(spec);
  const freeNs = serviceNs.map(() => 0); //  [server] when it will have served all that came so far
  const random = namedStream(seed, 'requests', 0, 'draw');
  const addresses = flows.map((flow, i) => addressNodes(flow, blockBytes / LINE_BYTES, namedStream(seed, 'requests', i, 'address')));
  const owner = flows.flatMap((flow, i) => new Array<number>(flow.inFlight).fill(i)); // [request] flow
  const route = owner.map((): number[] => []); // [request] servers still before it, last first
  const stretch = owner.map(() => 0); // [request] idle latency over the time in which it is served
  const askedNs = owner.map(() => 0);
  const lines = flows.map(() => 0);
  const waitedNs = flows.map(() => 0);
  const queue = new Agenda(owner.length);

  const ask = (request: number, nowNs: number): void => {
    const flow = flows[owner[request]!]!;
    const way = ways[flow.cpuNode]![addresses[owner[request]!]!()]!;
    const isWritten = random() < flow.writeShare;
    const servers = route[request]!;
    servers.push(...way.there);
    if (isWritten) {
      for (const { server, visits } of way.back) {
        const count = Math.floor(visits) + (random() < visits % 1 ? 1 : 0);
        for (let visit = 0; visit < count; visit++) servers.push(server);
      }
    }
    const servedNs = servers.reduce((sum, server) => sum + serviceNs[server]!, 0);
    stretch[request] = way.idleNs(flow.inFlight, isWritten) / servedNs;
    servers.reverse();
    askedNs[request] = nowNs;
    queue.push(nowNs, request);
  };

  owner.forEach((flow, request) => {
    const { inFlight, computeNs, cpuNode, blockNodes } = flows[flow]!;
    const roundNs = inFlight * computeNs + ways[cpuNode]![blockNodes[0]!]!.idleNs(inFlight, false);
    ask(request, -roundNs * random()); // somewhere in its round, so that they do not all stand at one door
  });
  for (;;) {
    const request = queue.request;
    const nowNs = queue.timeNs;
    if (nowNs >= durationNs) break;
    queue.pop();
    const server = route[request]!.pop();
    if (server !== undefined) {
      const startNs = Math.max(nowNs, freeNs[server]!);
      freeNs[server] = startNs + serviceNs[server]!;
      queue.push(startNs + serviceNs[server]! * stretch[request]!, request);
      continue;
    }
    const flow = owner[request]!;
    lines[flow]!++;
    waitedNs[flow]! += nowNs - askedNs[request]!;
    ask(request, nowNs + flows[flow]!.inFlight * flows[flow]!.computeNs);
  }
  return flows.map((_, flow) => ({ linesPerNs: lines[flow]! / durationNs, latencyNs: waitedNs[flow]! / lines[flow]! }));
}

/** The nodes of one address after the other: the region from end to end and again, or any line of it. */
function addressNodes({ pattern, blockNodes }: Flow, blockLines: number, random: Random): () => number {
  const lineCount = blockNodes.length * blockLines;
  let next = 0;
  return () => {
    const line = pattern === 'sweep' ? next++ % lineCount : below(random, lineCount);
    return blockNodes[Math.floor(line / blockLines)]!;
  };
}
