import { PolicyError, SimulatorError } from '../../sim/assert.ts';
import { BEATS, type BlackBox, eventsOf, HOOK } from '../../sim/black-box.ts';
import { run } from '../../sim/engine.ts';
import type { OptionSpec } from '../../sim/options.ts';
import type { PolicyClaims, PolicyEntry } from '../../sim/policy-api.ts';
import { kindOf, type PolicyExit } from '../../sim/policy-exit.ts';
import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import type { WorkloadEntry } from '../../sim/workload-api.ts';
import { Witness, type Witnessed, type WitnessOrder } from '../../sim/witness.ts';
import { type Making, programFrom } from '../file-program.ts';
import { loggedScenario } from '../rt-app/logged-scenario.ts';
import type { RtAppLogs } from '../rt-app/rows.ts';
import { OrderedTrace, type TraceOrder, type TraceWritten } from '../trace-order.ts';
import { workloads } from '../../workloads/index.ts';
import { type Compile, evaluate, checkPolicy, POLICY_CODE } from './evaluate.ts';
import { type Guarded, guardPolicy, HOOKS } from './guard.ts';

/** A scenario without functions, as it goes from thread to thread: workloads by their name in the list, or by what their file said. */
export type PlainScenario = Omit<Scenario, 'policy' | 'guests'> & {
  readonly guests: readonly (Omit<Scenario['guests'][number], 'workload'> & { readonly workload: string | Making })[];
};

export interface Task {
  /** The bundle. */
  readonly code: string;
  readonly name: string;
  /** Shared memory of a black box. */
  readonly buffer: ArrayBufferLike;
  /** What to run; null only to tell what policy it is. */
  readonly scenario: PlainScenario | null;
  /** Run it twice, from one evaluation of the bundle; the second run must decide alike. */
  readonly isTwice: boolean;
  /** What to keep of its decisions, of the first run. */
  readonly witness?: WitnessOrder;
  /** The trace to write of the first run. */
  readonly trace?: TraceOrder;
  /** Keep the logs of its rt-app file, of the first run. */
  readonly isLogged?: boolean;
  /** Stop where the run would begin: what a run would refuse at once is refused. */
  readonly isOnlyMade?: boolean;
}

/** What is known of a policy without calling it. */
export interface Described {
  readonly title: string;
  readonly summary: string;
  readonly source: string;
  readonly oracle: boolean;
  readonly options: readonly OptionSpec[];
  readonly claims?: PolicyClaims;
}

/** Line and column in the bundle, counted from 1. */
export type Place = readonly [line: number, column: number] | null;

export type Answer =
  | { readonly told: 'described'; readonly described: Described }
  | { readonly told: 'made' }
  | {
      readonly told: 'recording';
      readonly recording: Recording;
      readonly place: Place;
      readonly witnessed: Witnessed | null;
      readonly traced: TraceWritten | null;
      readonly logs: RtAppLogs | null;
    }
  /** It failed before there was a run. */
  | { readonly told: 'exit'; readonly exit: PolicyExit; readonly place: Place }
  /** Its own check refuses these options on this machine. */
  | { readonly told: 'refused'; readonly message: string }
  | { readonly told: 'broken'; readonly message: string; readonly stack: string };

/** What the thread gives to policies, and how it sees what they did to it. */
export interface Surroundings {
  readonly library: object;
  readonly compile: Compile;
  isTampered(): boolean;
}

/** Does a task in this thread. Whatever the policy does, there is an answer, or none at all. */
export function answer(task: Task, box: BlackBox, around: Surroundings): Answer {
  let guarded: Guarded | null = null;
  try {
    const made = task.scenario ? guestsOf(task.scenario) : [];
    const logged = task.isLogged ? loggedScenario({ guests: made }) : null;
    const guests = logged?.scenario.guests ?? made;
    Atomics.add(box.head, BEATS, 1); // from here on the policy is what time is spent on
    enter(box, 'load');
    const { library, compile } = around;
    const entry = evaluate(task.code, library, compile);
    if (!task.scenario) return { told: 'described', described: describe(entry) };
    const refusal = refusalOf(entry, task.scenario);
    if (refusal !== null) return { told: 'refused', message: refusal };
    const make = (): Scenario => {
      enter(box, 'make');
      const options = Object.freeze({ ...task.scenario!.policyOptions });
      const policy = entry.make(options);
      checkPolicy(policy);
      const own = guardPolicy(policy, task.name, box);
      guarded = own;
      box.head[HOOK] = 0;
      return { ...task.scenario!, guests, policy: { ...entry, make: () => own.policy } };
    };
    const scenario = make();
    if (task.isOnlyMade) return { told: 'made' };
    const witness = task.witness ? new Witness(task.witness) : null;
    const trace = task.trace ? new OrderedTrace(task.trace) : null;
    const recording = run(scenario, box, witness, trace?.tracer);
    const witnessed = witness?.told() ?? null;
    const traced = trace?.written() ?? null;
    const logs = logged?.rows.told() ?? null;
    const last = guarded as Guarded | null;
    if (recording.status === 'policy-error')
      return { told: 'recording', recording, place: placeOf(last?.thrown()), witnessed, traced, logs };
    const second = task.isTwice ? run(make(), box) : recording;
    const fault =
      second.hash !== recording.hash
        ? new PolicyError(`its second run decided otherwise (${recording.hash}, then ${second.hash})`, 'nondeterminism')
        : around.isTampered()
          ? TAMPERED
          : null;
    return { told: 'recording', recording: fault ? withFault(second, fault, box) : second, place: null, witnessed, traced, logs };
  } catch (error) {
    if (around.isTampered()) return { told: 'exit', exit: exitOf(box, TAMPERED), place: null };
    if (box.head[HOOK] === 0 || error instanceof SimulatorError)
      return { told: 'broken', message: String(error), stack: error instanceof Error ? String(error.stack) : '' };
    return { told: 'exit', exit: exitOf(box, error), place: placeOf(error) };
  }
}

const TAMPERED = new PolicyError('it has changed a built-in object', 'mutation');

function enter(box: BlackBox, hook: string): void {
  box.head[HOOK] = HOOKS.indexOf(hook);
}

function describe({ name, summary, source, oracle, options, claims }: PolicyEntry): Described {
  const plain = JSON.parse(JSON.stringify({ options, claims })) as Pick<Described, 'options' | 'claims'>;
  return { title: name, summary, source, oracle, ...plain };
}

function refusalOf(entry: PolicyEntry, { policyOptions, machine }: PlainScenario): string | null {
  try {
    entry.check?.(policyOptions, machine.nodeCount, [...machine.nodeCpuCount]);
    return null;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return error.message;
  }
}

function guestsOf({ guests }: PlainScenario): Scenario['guests'] {
  return guests.map((guest) => ({ ...guest, workload: workloadOf(guest.workload) }));
}

function workloadOf(said: string | Making): WorkloadEntry {
  return typeof said === 'string' ? workloads.find(({ name }) => name === said)! : programFrom(said);
}

function exitOf(box: BlackBox, error: unknown): PolicyExit {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { kind: kindOf(error), message, hook: HOOKS[box.head[HOOK]!] || 'none', atNs: 0, vcpu: null, events: eventsOf(box) };
}

function withFault(recording: Recording, { name, message, kind }: PolicyError, box: BlackBox): Recording {
  const exit: PolicyExit = {
    kind,
    message: `${name}: ${message}`,
    hook: 'none',
    atNs: recording.simulatedNs,
    vcpu: null,
    events: eventsOf(box),
  };
  return { ...recording, status: 'policy-error', exit };
}

/** Where in the bundle the innermost frame of the policy's own stands. */
function placeOf(error: unknown): Place {
  const stack = error instanceof Error ? String(error.stack) : '';
  const found = new RegExp(`${POLICY_CODE}:(\\d+):(\\d+)`).exec(stack);
  return found ? [Number(found[1]), Number(found[2])] : null;
}
