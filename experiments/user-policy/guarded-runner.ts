import { buildWorld } from '../../sim/build.ts';
import type { PolicyExit } from '../../sim/policy-exit.ts';
import { record } from '../../sim/record.ts';
import type { Recording } from '../../sim/recording.ts';
import type { Scenario } from '../../sim/scenario.ts';
import type { TraceOrder, TraceWritten } from '../trace-order.ts';
import type { Witnessed, WitnessOrder } from '../../sim/witness.ts';
import type { WorkloadEntry } from '../../sim/workload-api.ts';
import { workloads } from '../../workloads/index.ts';
import { type Making, makingOf } from '../file-program.ts';
import { InputError, show } from '../input-error.ts';
import type { Described, PlainScenario } from './answer.ts';
import type { RtAppLogs } from '../rt-app/rows.ts';
import { IsolatedSeat } from './isolated-seat.ts';
import { LIMITS, type Limits, type Order, type Reply, Seat } from './seat.ts';
import { placeIn } from './source-place.ts';
import { isUserPolicy, type PolicyBundle, type UserPolicy } from './user-policy.ts';

export interface Guarding {
  /** In a process of its own, whose memory is bounded as a whole. */
  readonly isIsolated: boolean;
  readonly limits: Limits;
  /** Is given what policies print. */
  log(text: string): void;
}

/** A run and what was kept of its decisions; null when that is lost with the thread it was in. */
export interface Observed {
  readonly recording: Recording;
  readonly witnessed: Witnessed | null;
}

/** A run and what was written of its trace; null when its thread had to be ended, which leaves no whole file. */
export interface Traced {
  readonly recording: Recording;
  readonly traced: TraceWritten | null;
}

/** A run and the logs of its rt-app file; null when they are lost with the thread they were in. */
export interface Logged {
  readonly recording: Recording;
  readonly logs: RtAppLogs | null;
}

/** Memory of an isolated process, that of the simulator included. */
const ISOLATED_MB = 1_024;

/** Runs policies of the user's own where they can do no harm. One run at a time; to be closed. */
export class GuardedRunner {
  readonly #guarding: Guarding;
  #seat: Seat | IsolatedSeat | null = null;

  constructor({ isIsolated = false, limits, log = () => {} }: Partial<Guarding> = {}) {
    this.#guarding = { isIsolated, limits: limits ?? (isIsolated ? { ...LIMITS, processMb: ISOLATED_MB } : LIMITS), log };
  }

  /**
   * What a policy says of itself: its bundle is run once for it.
   * @throws InputError if it fails, or is no policy
   */
  async describe(bundle: PolicyBundle): Promise<Described> {
    const reply = await this.#do({ code: bundle.code, name: bundle.file, scenario: null, isTwice: false });
    if (reply.told === 'described') return reply.described;
    if (reply.told === 'exit') throw new InputError(`${show(bundle.file)}: ${reply.exit.message}${placeIn(bundle, reply.place)}`);
    throw new Error(reply.told === 'broken' ? reply.stack : `a policy was described by ${reply.told}`);
  }

  /**
   * Makes the policy as a run would, and runs nothing.
   * @throws InputError if a run would end there
   */
  async check(scenario: Scenario): Promise<void> {
    const { policy } = scenario;
    if (!isUserPolicy(policy)) return;
    const order = { code: policy.bundle.code, name: policy.name, scenario: plain(scenario), isTwice: false, isOnlyMade: true };
    const reply = await this.#do(order);
    if (reply.told === 'refused') throw new InputError(`policy = ${show(policy.name)}: ${reply.message}`);
    if (reply.told === 'exit') throw new InputError(`${show(policy.name)}: ${reply.exit.message}${placeIn(policy.bundle, reply.place)}`);
    if (reply.told !== 'made') throw new Error(reply.told === 'broken' ? reply.stack : `a check was answered by ${reply.told}`);
  }

  /**
   * As `run` of the engine, in another thread or process.
   * @param isTwice runs it a second time, which must decide alike
   * @throws InputError if the policy refuses its options on this machine
   */
  async run(scenario: Scenario, isTwice = false): Promise<Recording> {
    return (await this.#run(scenario, { isTwice })).recording;
  }

  /**
   * As `run`, and follows what it decides. Nothing is left of that when its thread had to be ended.
   * @throws InputError if the policy refuses its options on this machine
   */
  observe(scenario: Scenario, order: WitnessOrder): Promise<Observed> {
    return this.#run(scenario, { isTwice: false, witness: order });
  }

  /**
   * As `run`, and writes its trace. Not for an isolated process, which has no files.
   * @throws InputError if the policy refuses its options on this machine
   */
  trace(scenario: Scenario, order: TraceOrder): Promise<Traced> {
    return this.#run(scenario, { isTwice: false, trace: order });
  }

  /**
   * As `run`, and keeps the logs of its rt-app file.
   * @throws InputError if the policy refuses its options on this machine
   */
  log(scenario: Scenario): Promise<Logged> {
    return this.#run(scenario, { isTwice: false, isLogged: true });
  }

  async #run(scenario: Scenario, how: Pick<Order, 'isTwice' | 'witness' | 'trace' | 'isLogged'>): Promise<Observed & Traced & Logged> {
    const { policy } = scenario;
    if (!isUserPolicy(policy)) throw new RangeError(`policy ${policy.name} is not from a file`);
    const reply = await this.#do({ code: policy.bundle.code, name: policy.name, scenario: plain(scenario), ...how });
    switch (reply.told) {
      case 'recording':
        return {
          witnessed: reply.witnessed,
          traced: reply.traced,
          logs: reply.logs,
          recording: reply.recording.exit
            ? withExit(reply.recording, policy, { ...reply.recording.exit }, placeIn(policy.bundle, reply.place))
            : reply.recording,
        };
      case 'exit':
        return {
          witnessed: null,
          traced: null,
          logs: null,
          recording: withExit(nothing(scenario), policy, reply.exit, placeIn(policy.bundle, reply.place)),
        };
      case 'refused':
        throw new InputError(`policy = ${show(policy.name)}: ${reply.message}`);
      case 'broken':
        throw Object.assign(new Error(reply.message), { stack: reply.stack });
      case 'described':
      case 'made':
        throw new Error(`a run was answered by ${reply.told}`);
    }
  }

  async close(): Promise<void> {
    await this.#seat?.close();
    this.#seat = null;
  }

  async #do(order: Order): Promise<Reply> {
    this.#seat ??= await this.#newSeat();
    const reply = await this.#seat.do(order);
    if (reply.printed !== '') this.#guarding.log(reply.printed);
    return reply;
  }

  async #newSeat(): Promise<Seat | IsolatedSeat> {
    const { isIsolated, limits } = this.#guarding;
    const { workerCode } = await import('./worker-code.ts'); // runs of built-in policies need none
    const code = await workerCode('worker');
    return isIsolated ? new IsolatedSeat(await workerCode('isolated-main'), code, limits) : new Seat(code, limits);
  }
}

function plain({ policy: _, guests, ...rest }: Scenario): PlainScenario {
  return { ...rest, guests: guests.map((guest) => ({ ...guest, workload: plainWorkload(guest.workload) })) };
}

/** @throws InputError for a program that could not be made again there, as one that a library's user has written */
function plainWorkload(workload: WorkloadEntry): string | Making {
  const said = workloads.includes(workload) ? workload.name : makingOf(workload);
  if (said !== null) return said;
  throw new InputError(`workload = ${show(workload.name)}: does not go with a policy of your own, want one of workload list, or a file`);
}

function withExit(recording: Recording, { name }: UserPolicy, exit: PolicyExit, place: string): Recording {
  const message = `${exit.message}${place}`;
  return {
    ...recording,
    status: 'policy-error',
    message: `policy ${name}, hook ${exit.hook}, at ${exit.atNs} ns: ${message}`,
    exit: { ...exit, message },
  };
}

/** What is left of a run that was ended from outside: nothing, as its books went with its thread. */
function nothing(scenario: Scenario): Recording {
  const idle = {
    name: 'none',
    cpu: { name: 'none', enqueue: () => {} },
    memory: { name: 'none', backs: 'first-touch', fallback: 'none', alloc: () => 0 as never },
  } as const;
  const { w } = buildWorld({ ...scenario, policy: { ...scenario.policy, make: () => idle } });
  return record(w, 'policy-error', null);
}

export type { UserPolicy };
