import type { Scenario } from '../../sim/scenario.ts';
import { loggedEntry } from './entry.ts';
import { RtAppRows } from './rows.ts';

/** A scenario whose rt-app process tells each loop of each thread, which changes nothing else of it; null where there is none. */
export function loggedScenario<Of extends Pick<Scenario, 'guests'>>(
  scenario: Of,
): { readonly scenario: Of; readonly rows: RtAppRows } | null {
  const rows = new RtAppRows();
  let isLogged = false;
  const guests = scenario.guests.map((guest) => {
    const workload = loggedEntry(guest.workload, rows);
    if (workload === null) return guest;
    isLogged = true;
    return { ...guest, workload };
  });
  return isLogged ? { scenario: { ...scenario, guests }, rows } : null;
}
