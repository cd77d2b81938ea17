import type { Lab } from '../../cli/command.ts';
import { numalab } from '../../cli/numalab.ts';
import type { Scenario } from '../../sim/scenario.ts';
import { recordingOf } from '../experiments/recording-fixture.ts';
import { registries } from '../experiments/scenario-fixtures.ts';

export interface Session {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  /** What was simulated. */
  readonly ran: readonly Scenario[];
}

/** A command line in a lab whose engine gives `pinned` one stare a second more than others, and a seed as many as it is. */
export async function session(argv: readonly string[], lab: Partial<Lab> = {}): Promise<Session> {
  const ran: Scenario[] = [];
  let out = '';
  let err = '';
  const fake: Lab = {
    ...registries,
    version: '1.2.3',
    run(scenario) {
      ran.push(scenario);
      return recordingOf(scenario, Number(scenario.seed) + (scenario.policy.name === 'pinned' ? 1 : 0));
    },
    ...lab,
  };
  const terminal = { out: (text: string) => void (out += text), err: (text: string) => void (err += text), progress: () => {}, width: 100 };
  return { code: await numalab(argv, fake, terminal), out, err, ran };
}
