import type { PageMachine, PageRun } from '../../experiments/page/schemas.ts';
import { counted, formatBytes, formatNs, plainText } from '../format.ts';

/** Runs of the same thing under several policies, to be looked at side by side. */
export interface RunGroup {
  readonly title: string;
  readonly runs: readonly PageRun[];
  readonly machine: PageMachine | null;
}

/** Runs with other settings stand in a group of their own, whose title says what differs. A run that is there twice is shown once. */
export function groupRuns(runs: readonly PageRun[], machines: readonly PageMachine[]): RunGroup[] {
  const keyOf = (run: PageRun): string => JSON.stringify([titleOf(run), factsOf(run)]);
  const groups = [...new Set(runs.map(keyOf))].map((key) => runs.filter((run) => keyOf(run) === key));
  return groups.map((own) => {
    const [first] = own;
    const alike = groups.flatMap(([other]) => (titleOf(other!) === titleOf(first!) ? [factsOf(other!)] : []));
    const facts = factsOf(first!);
    const differing = Object.keys(facts).filter((name) => alike.some((other) => other[name] !== facts[name]));
    const title = [titleOf(first!), ...differing.map((name) => plainText(`${name} ${facts[name]!}`))].join(', ');
    return { title, runs: withoutTwins(own), machine: machines.find(({ name }) => name === first!.machine) ?? null };
  });
}

function titleOf({ workload, guests, machine, seed }: PageRun): string {
  return `${plainText(workload)}, ${counted(guests.length, 'guest')}, on ${plainText(machine)}, seed ${plainText(seed)}`;
}

/** What two runs of one title may differ in, by its name, as a reader would write it. */
function factsOf({ guests, setting, version }: PageRun): Record<string, string> {
  const { costs, ...rest } = setting;
  const bytes = (of: number | undefined): string => (of === undefined ? 'unknown' : formatBytes(of));
  return {
    memory: listOf(guests.map(({ memoryBytes }) => bytes(memoryBytes))),
    vcpus: listOf(guests.map(({ vcpus }) => String(vcpus))),
    ...Object.fromEntries(Object.entries(rest).map(([name, value]) => quantity(name, value))),
    ...Object.fromEntries(Object.entries(costs).map(([name, value]) => quantity(`costs.${name}`, value))),
    version,
  };
}

/** `64 MiB`, or one for each guest. */
function listOf(values: readonly string[]): string {
  return new Set(values).size === 1 ? values[0]! : values.join(' + ');
}

function quantity(name: string, value: unknown): [name: string, text: string] {
  if (typeof value === 'number' && name.endsWith('Ns')) return [name.slice(0, -2), trimmed(formatNs(value, EXACT))];
  if (typeof value === 'number' && name.endsWith('Bytes')) return [name.slice(0, -5), trimmed(formatBytes(value, EXACT))];
  return [name, typeof value === 'string' ? value : value === null ? 'none' : JSON.stringify(value)];
}

/** `1.50000 us` is `1.5 us`. */
function trimmed(text: string): string {
  return text.replace(/\.?0+(?= )/, (zeros, at: number) => (text.slice(0, at + 1).includes('.') ? '' : zeros));
}

/** Digits, so that settings that differ read differently. */
const EXACT = 12;

/** The same scenario, seed and version give the same run; that with a timeline shows more. */
function withoutTwins(runs: readonly PageRun[]): PageRun[] {
  const resultOf = ({ policy, total, linesByPair, bytesByResource }: PageRun): string =>
    JSON.stringify([policy, total, linesByPair, bytesByResource]);
  return [...new Set(runs.map(resultOf))].map((result) => {
    const twins = runs.filter((run) => resultOf(run) === result);
    return twins.find(({ timeline }) => timeline) ?? twins[0]!;
  });
}

/** How fast each resource was used, in GB/s. */
export interface Loads {
  /** By the name of the resource. */
  readonly GBps: Readonly<Record<string, number>>;
  /** From when, if not from the start of the run. */
  readonly measuredFromNs: number | null;
}

/** While all guests were measured, where the run was looked at as it went on; else over all of it. */
export function loadsOf(run: PageRun): Loads {
  const names = Object.keys(run.bytesByResource);
  const from = measuredFrom(run);
  if (run.timeline && from !== null) {
    const { timesNs, resourceBytes } = run.timeline;
    const first = timesNs.findIndex((time) => time >= from);
    const last = timesNs.length - 1;
    if (first >= 0 && first < last) {
      const lengthNs = timesNs[last]! - timesNs[first]!;
      const rate = (r: number): number => (resourceBytes[last]![r]! - resourceBytes[first]![r]!) / lengthNs;
      return { GBps: Object.fromEntries(names.map((name, r) => [name, rate(r)])), measuredFromNs: timesNs[first]! };
    }
  }
  return { GBps: Object.fromEntries(names.map((name) => [name, run.bytesByResource[name]! / run.simulatedNs])), measuredFromNs: null };
}

/** When the last of the guests began to be measured. */
export function measuredFrom({ timeline }: PageRun): number | null {
  const starts = timeline?.guests.map(({ measuredFromNs }) => measuredFromNs) ?? [];
  return starts.length > 0 && starts.every((start) => start !== null) ? Math.max(...(starts as number[])) : null;
}
