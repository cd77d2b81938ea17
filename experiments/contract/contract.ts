import { machines } from '../../machines/index.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { uniform } from '../../machines/uniform.ts';
import { policies } from '../../policies/index.ts';
import { run as runHere } from '../../sim/engine.ts';
import { buildMachine } from '../../sim/machine.ts';
import type { MachineSpec } from '../../sim/machine-spec.ts';
import { defaultOptions, type OptionValues } from '../../sim/options.ts';
import type { PolicyEntry } from '../../sim/policy-api.ts';
import type { Recording } from '../../sim/recording.ts';
import type { GuestSpec, Scenario } from '../../sim/scenario.ts';
import { workloads } from '../../workloads/index.ts';
import { readScenario } from '../scenario-input.ts';

/** What a policy must keep, or has claimed, and whether it did. */
export interface Check {
  readonly name: string;
  readonly outcome: 'pass' | 'fail' | 'not claimed';
  /** The figure it was judged by, or what went wrong. */
  readonly detail: string;
}

/** Runs a scenario; twice, from one loading of the policy, if it must be shown to decide alike. */
export type RunOne = (scenario: Scenario, isTwice: boolean) => Recording | Promise<Recording>;

/** Share of CPU time by which what a vCPU got may differ from what its weight gives it. */
const WEIGHT_ERROR = 0.01;
const SHARE_WEIGHTS = [100, 200, 500];
/** By how much work may differ where there is no NUMA, beside what migrations cost. Assumed. */
const BASE_ERROR = 0.01;

/**
 * The contract every policy is held to, on the real engine with every check it has, in a few small scenarios.
 * @param run how a policy is run: in this thread, or guarded
 */
export async function contractOf(entry: PolicyEntry, options?: OptionValues, run: RunOne = runTwiceHere): Promise<Check[]> {
  const ran = async (words: Words, change: Partial<Scenario> = {}, isTwice = false): Promise<Recording> =>
    run(scenarioOf(entry, options, words, change), isTwice);
  return [
    ...moves(await ran(MIXED, {}, true)),
    memoryOnly(await ran(MIXED, { machine: MEMORY_ONLY })),
    starvation(await ran({ machine: 'lopsided', workload: 'compute', guests: crowd(entry), duration: '10s', watchdog: '2s' })),
    conserving(entry, await ran({ machine: 'lopsided', workload: 'think:think=7ms,service=9ms', guests: '11', duration: '2s' })),
    weights(entry, await ran({ machine: 'lopsided', workload: 'compute', guests: '3', duration: '10s' }, oneCpu())),
    await withoutNuma(entry, options, run),
  ];
}

/** vCPUs for the six CPUs of lopsided: of a policy that gives each a CPU of its own, no more than that. */
function crowd({ claims }: PolicyEntry): string {
  return claims?.oneToOne ? '6' : '15';
}

type Words = Readonly<Record<string, string>>;

/** Sleeping, locking, streaming and waking guests of unequal size, more vCPUs than CPUs. */
const MIXED = {
  machine: 'lopsided',
  guests: '5',
  vcpus: '3',
  workload: 'locks',
  boot: '0.5',
  'host-noise': '1',
  ties: 'seeded',
  duration: '500ms',
} satisfies Words;
const MIXED_WORKLOADS = ['kernbench:jobs=40,j=3', 'stream', 'think:think=1ms,service=2ms', 'locks', 'lmbench-lat'];
const QUIET: Words = { boot: '0', 'host-noise': '0', memory: '512MiB', contention: 'max-min', checks: 'all' };

/** As lopsided, but node 1 has memory and no CPUs: who goes by nodes in turn must pass over it. */
const MEMORY_ONLY = buildMachine({ ...lopsided, name: 'memory-only', nodeCpus: [4, 0, 2] });

function scenarioOf(entry: PolicyEntry, options: OptionValues | undefined, words: Words, change: Partial<Scenario>): Scenario {
  const flags = { ...QUIET, ...words, policy: entry.name };
  const scenario = readScenario({ flags }, { machines, policies: [entry], workloads });
  const guests = words === MIXED ? scenario.guests.map((guest, i) => ({ ...guest, ...workloadOf(MIXED_WORKLOADS[i]!) })) : scenario.guests;
  return { ...scenario, policyOptions: options ?? defaultOptions(entry.options), guests, ...change };
}

function workloadOf(text: string): Pick<GuestSpec, 'workload' | 'options'> {
  const { guests } = readScenario({ flags: { workload: text } }, { machines, policies, workloads });
  const { workload, options } = guests[0]!;
  return { workload, options };
}

/** One node with one CPU, so that nothing but weights divides its time. */
function oneCpu(): Partial<Scenario> {
  const equal = { value: [[67]], source: 'assumed' };
  const spec: MachineSpec = {
    ...uniform,
    name: 'one-cpu',
    sockets: 1,
    nodeSocket: [0],
    nodeCpus: [1],
    memoryGiB: { value: [16], source: 'assumed' },
    slit: { value: [[10]], source: 'assumed' },
    latencyNs: equal,
    links: { value: [], source: 'assumed' },
    nextHop: { value: [[0]], source: 'assumed' },
    controllerGBps: { value: [100], source: 'assumed' },
  };
  const { guests } = readScenario(
    { flags: { ...QUIET, workload: 'compute', guests: String(SHARE_WEIGHTS.length) } },
    { machines, policies, workloads },
  );
  return { machine: buildMachine(spec), guests: guests.map((guest, i) => ({ ...guest, weight: SHARE_WEIGHTS[i]! })) };
}

/** Every decision went through the core, which refuses what is illegal and looks at every mask: so an end that is well shows all of it. */
function moves(recording: Recording): Check[] {
  const { exit, status, message } = recording;
  const isRepeatable = exit?.kind !== 'nondeterminism';
  const isWell = status === 'ok' || status === 'time-limit';
  return [
    isRepeatable && !isWell
      ? failed('legal moves only, inside hard masks', recording)
      : check(
          'legal moves only, inside hard masks',
          isRepeatable || exit?.hook === 'none',
          `${recording.instants} instants of mixed guests, every one checked`,
        ),
    check('deterministic', isRepeatable && isWell, isRepeatable ? (isWell ? `twice ${recording.hash}` : 'did not run') : String(message)),
  ];
}

function memoryOnly(recording: Recording): Check {
  const name = 'legal moves where a node has no CPUs';
  if (recording.status !== 'ok' && recording.status !== 'time-limit') return failed(name, recording);
  return check(name, true, `${recording.instants} instants of the same guests`);
}

function starvation(recording: Recording): Check {
  const name = 'no vCPU starves';
  if (recording.status !== 'ok') return failed(name, recording);
  const shares = recording.guests.map(({ userNs, elapsedNs }) => userNs / elapsedNs);
  return check(
    name,
    Math.min(...shares) > 0,
    `${shares.length} vCPUs on 6 CPUs for 10 s had ${percent(Math.min(...shares))} to ${percent(Math.max(...shares))} of a CPU`,
  );
}

function conserving({ claims }: PolicyEntry, recording: Recording): Check {
  const name = 'work conserving';
  if (recording.status !== 'ok') return failed(name, recording);
  const { idleWhileRunnableNs, busyNs, idleNs } = recording;
  const detail = `CPUs idled while a vCPU waited for ${percent(idleWhileRunnableNs! / (busyNs + idleNs))} of their time`;
  if (!claims?.workConserving) return { name, outcome: 'not claimed', detail };
  return check(name, idleWhileRunnableNs === 0, detail);
}

function weights({ claims }: PolicyEntry, recording: Recording): Check {
  const name = 'shares as weights';
  if (recording.status !== 'ok') return failed(name, recording);
  const allNs = recording.guests.reduce((sum, { userNs }) => sum + userNs, 0);
  const allWeights = SHARE_WEIGHTS.reduce((sum, weight) => sum + weight, 0);
  const errors = recording.guests.map(({ userNs }, i) => Math.abs(userNs / allNs - SHARE_WEIGHTS[i]! / allWeights));
  const had = recording.guests.map(({ userNs }) => percent(userNs / allNs)).join(', ');
  const detail = `weights ${SHARE_WEIGHTS.join(', ')} on one CPU for 10 s had ${had}`;
  if (!claims?.weights) return { name, outcome: 'not claimed', detail };
  return check(name, Math.max(...errors) <= WEIGHT_ERROR, detail);
}

/** Where the place of memory does not matter, a policy that knows of NUMA does as much work as the one it is made from. */
async function withoutNuma(entry: PolicyEntry, options: OptionValues | undefined, run: RunOne): Promise<Check> {
  // 80 vCPUs for 48 CPUs, ten a node; so long that what each does before its first sweep ends, and the turns it then has, do not tell
  const guests = entry.claims?.oneToOne ? '24' : '40';
  const words = { machine: 'uniform', workload: 'stream', guests, vcpus: '2', duration: '5s', checks: 'cheap' };
  const recording = await run(scenarioOf(entry, options, words, {}), false);
  const baseName = entry.claims?.numaBase;
  const name = baseName === undefined ? 'runs where there is no NUMA' : `equals ${baseName} where there is no NUMA`;
  if (recording.status !== 'ok') return failed(name, recording);
  const work = recording.total.throughput.value;
  if (baseName === undefined) return check(name, work > 0, `${work.toPrecision(4)} ${recording.total.throughput.unit} on uniform`);
  const base = policies.find((policy) => policy.name === baseName);
  if (!base) return check(name, false, `claims.numaBase = ${baseName}, want a policy of policy list`);
  const other = runHere(scenarioOf(base, undefined, words, {}));
  const allowed = BASE_ERROR + migrationShare(recording) + migrationShare(other);
  const difference = work / other.total.throughput.value - 1;
  return check(
    name,
    Math.abs(difference) <= allowed,
    `${percent(difference)} of its work, ${percent(allowed)} allowed for migrations and chance`,
  );
}

function migrationShare({ total: { causes, lifetimeNs } }: Recording): number {
  return (causes.cacheCold + causes.contextSwitch) / lifetimeNs;
}

function runTwiceHere(scenario: Scenario, isTwice: boolean): Recording {
  const first = runHere(scenario);
  if (!isTwice || first.exit) return first;
  const second = runHere(scenario);
  if (second.hash === first.hash) return first;
  const message = `its second run decided otherwise (${first.hash}, then ${second.hash})`;
  const exit = { kind: 'nondeterminism', message, hook: 'none', atNs: second.simulatedNs, vcpu: null, events: [] } as const;
  return { ...second, status: 'policy-error', message, exit };
}

function failed(name: string, { status, message, exit }: Recording): Check {
  return { name, outcome: 'fail', detail: `${exit?.kind ?? status}: ${message ?? ''}` };
}

function check(name: string, isKept: boolean, detail: string): Check {
  return { name, outcome: isKept ? 'pass' : 'fail', detail };
}

function percent(share: number): string {
  return `${(share * 100).toPrecision(3)} %`;
}
