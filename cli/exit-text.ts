import { show } from '../experiments/input-error.ts';
import { formatNs, plainText } from '../report/format.ts';
import type { HostEvent } from '../sim/black-box.ts';
import type { PolicyExit } from '../sim/policy-exit.ts';

/** What is said of a policy that failed: what it did, where, what came before, and how to see it again. */
export function exitText(policy: string, exit: PolicyExit, reproduction: string): string {
  const { kind, message, hook, atNs, vcpu, events } = exit;
  const where = `policy ${show(policy)}, hook ${hook}, at ${atNs} ns, ${vcpu === null ? 'no vCPU' : `vCPU ${vcpu}`}`;
  const before =
    events.length === 0 ? 'no events before it\n' : `the last ${events.length} events before it:\n${events.map(eventText).join('')}`;
  return `${kind}: ${plainText(message)}\n${where}\n${before}again: ${reproduction}\n`;
}

function eventText({ timeNs, event, of }: HostEvent): string {
  const parts = Object.entries(of).map(([name, value]) => `${name} ${value}`);
  return `  ${formatNs(timeNs).padStart(10)} ${String(timeNs).padStart(14)} ns  ${event.padEnd(6)} ${parts.join(', ')}\n`;
}
