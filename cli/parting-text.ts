import type { Explanation } from '../experiments/explain/explanation.ts';
import type { OtherAnswer, Pair, Parting } from '../experiments/explain/parting.ts';
import { counted, formatBytes, formatNs, formatShare, plainText } from '../report/format.ts';
import { table } from '../report/table.ts';
import type { Seen, SeenCpu, SeenGuest, SeenPlacement, SeenVcpu } from '../sim/look.ts';

const MOST_VCPUS = 4;

/** The first decision at which two runs part, and what each policy saw at that moment. */
export function partingText({ parting, isPartingKnown, a, b }: Explanation): string {
  if (!isPartingKnown) return '\nno first decision can be told: a run whose thread had to be ended leaves nothing to look at\n';
  if (!parting)
    return `\nno decision differs: both took the same ${a.decisions} decisions${a.hash === b.hash ? ' at the same times' : ''}\n`;
  const next = parting.next ? `\n${nextHead(parting.next)}\n${pairText(parting.next)}` : '';
  return `\n${headOf(parting)}\n${pairText(parting, driftText(parting))}${next}`;
}

function nextHead(next: OtherAnswer): string {
  return `who runs where differs first at ${next.question.replace(' of', ` ${next.nth} of`)}${timesOf(next)}`;
}

function pairText(pair: Pair, before = ''): string {
  return `  A  ${decidedText(pair.a)}\n  B  ${decidedText(pair.b)}\n${before}${sawText(pair)}`;
}

function timesOf({ a, b }: Pair): string {
  const [atA, atB] = [a?.timeNs, b?.timeNs];
  return atA === undefined || atB === undefined || atA === atB
    ? `, at ${exactNs(atA ?? atB ?? 0)}`
    : `, at ${exactNs(atA)} and ${exactNs(atB)}`;
}

function headOf(parting: Parting): string {
  const what = parting.isSameQuestion ? 'the first decision that differs' : 'what comes next differs first: it';
  return `${what} is number ${parting.decision + 1}${timesOf(parting)}`;
}

/** Runs part by less than a rounded figure would show. */
function exactNs(ns: number): string {
  return ns < 1000 ? `${ns} ns` : `${formatNs(ns, 6)}`;
}

function driftText({ drift }: Parting): string {
  if (!drift) return '';
  const { decision, aNs, bNs } = drift;
  return `  alike before it, but not at the same times: number ${decision + 1} at ${aNs} ns (A) and ${bNs} ns (B)\n`;
}

function decidedText(seen: Seen | null): string {
  if (!seen) return 'nothing more: its run has ended';
  const { decided, cpus } = seen;
  const cpu = decided.cpu === null ? '' : cpuText(decided.cpu, cpus);
  const vcpu = `${plainText(decided.guest ?? '')}'s vCPU ${decided.vcpu}`;
  const block = `block ${decided.block} of ${plainText(decided.guest ?? '')}`;
  switch (decided.event) {
    case 'wake':
      return `${vcpu} wakes, for ${cpu}`;
    case 'run':
      return `${cpu} runs ${vcpu}`;
    case 'block':
      return `${vcpu} has nothing to do any more and leaves ${cpu}`;
    case 'idle':
      return `${cpu} finds nothing to run`;
    case 'affinity':
      return `the affinity of ${vcpu}, hard or soft, becomes ${cpuList(decided.cpus!)}`;
    case 'weight':
      return `${plainText(decided.guest ?? '')} gets weight ${decided.weight}`;
    case 'place':
      return `${plainText(decided.guest ?? '')} is placed: ${placementText(decided.placement!)}`;
    case 'back':
      return `${block} gets its memory ${decided.node === null ? 'nowhere' : `on node ${decided.node}`}`;
    case 'move':
      return `${block} is moved to node ${decided.node}`;
    case 'copy':
      return `${block} is copied to node ${decided.node} as well`;
    case 'merge':
      return `the copies of ${block} are given up for the one on node ${decided.node}`;
    case 'depart':
      return `${plainText(decided.guest ?? '')} departs`;
    default:
      return `${decided.event} of ${cpu === '' ? vcpu : cpu}`;
  }
}

function cpuText(cpu: number, cpus: readonly SeenCpu[]): string {
  const known = cpus.find((one) => one.cpu === cpu);
  return `CPU ${cpu}${known ? ` (node ${known.node})` : ''}`;
}

function placementText({ hardCpus, softCpus, memoryNodes }: SeenPlacement): string {
  return [
    onCpus(hardCpus),
    ...(softCpus.some((set) => set !== null) ? [`rather ${onCpus(softCpus).replace('vCPUs ', '')}`] : []),
    memoryNodes.length > 0 ? `memory meant for node ${memoryNodes.join(', ')}` : 'memory meant for no node',
  ].join(', ');
}

/** vCPUs that are held together are told together. */
function onCpus(sets: SeenPlacement['hardCpus']): string {
  const texts = sets.map((set) => (set === null ? 'any CPU' : cpuList(set)));
  if (new Set(texts).size === 1) return `vCPUs on ${texts[0]}`;
  const told = texts.slice(0, MOST_VCPUS).map((text, vcpu) => `vCPU ${vcpu} on ${text}`);
  return `${told.join(', ')}${texts.length > MOST_VCPUS ? ' and so on' : ''}`;
}

/** As taskset writes it: CPUs 0-3,8. */
function cpuList(cpus: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const cpu of cpus) {
    const last = runs.at(-1);
    if (last && last[1] === cpu - 1) last[1] = cpu;
    else runs.push([cpu, cpu]);
  }
  return `CPU${cpus.length === 1 ? '' : 's'} ${runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',')}`;
}

function sawText({ a, b }: Pair): string {
  const [byA, byB] = [a && knownText(a), b && knownText(b)];
  if (byA !== null && byA === byB) return `what both saw\n${byA}`;
  return `${byA === null ? '' : `what A saw\n${byA}`}${byB === null ? '' : `what B saw\n${byB}`}`;
}

function knownText({ vcpu, guest, nodes, cpus }: Seen): string {
  const lines = [
    ...(vcpu ? [`  ${vcpuText(vcpu)}\n`] : []),
    ...cpus.map((cpu) => `  ${busyText(cpu)}\n`),
    ...(guest ? [`  ${memoryText(guest)}\n`] : []),
  ];
  const rows = nodes.map(({ cpus: all, idleCpus, waiting, freeBytes }, node) => [
    node,
    `${idleCpus} of ${all}`,
    waiting,
    formatBytes(freeBytes),
    guest ? guest.nodeRunning[node]! : '-',
    guest ? formatBytes(guest.nodeBytes[node]!) : '-',
  ]);
  const columns = ['node', 'CPUs idle', 'vCPUs waiting', 'memory free', guest ? `${guest.name}: running` : 'running', 'its memory'];
  const shown = table(columns, rows).split('\n').map((line) => `  ${line}\n`).join(''); // prettier-ignore
  return `${lines.join('')}${shown}`;
}

function vcpuText({ guest, vcpu, lastCpu, lastNode, waitedNs, sleptNs, allowedCpus }: SeenVcpu): string {
  const last = lastCpu === null ? 'has not run yet' : `ran last on CPU ${lastCpu} (node ${lastNode})`;
  const waited = waitedNs > 0 ? `, has waited for ${formatNs(waitedNs)}` : sleptNs > 0 ? `, has slept for ${formatNs(sleptNs)}` : '';
  return `${plainText(guest)}'s vCPU ${vcpu} ${last}${waited}, may use ${counted(allowedCpus, 'CPU')}`;
}

function busyText({ cpu, node, isIdle, running, waiting }: SeenCpu): string {
  const runs = isIdle ? 'is idle' : `runs ${plainText(running!.guest)}'s vCPU ${running!.vcpu}`;
  return `CPU ${cpu} (node ${node}) ${runs}, ${waiting === 0 ? 'nobody waits for it' : `${counted(waiting, 'vCPU')} wait${waiting === 1 ? 's' : ''} for it`}`;
}

function memoryText({ name, nodeBytes }: SeenGuest): string {
  const all = nodeBytes.reduce((sum, bytes) => sum + bytes, 0);
  if (all === 0) return `${plainText(name)} has no memory yet`;
  const shares = nodeBytes.flatMap((bytes, node) => (bytes > 0 ? [`${formatShare(bytes / all)} on node ${node}`] : []));
  return `${plainText(name)} has ${formatBytes(all)}: ${shares.join(', ')}`;
}
