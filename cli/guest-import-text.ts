import type { GuestImport } from '../experiments/guest-import.ts';
import { show } from '../experiments/input-error.ts';
import { plainText } from '../report/format.ts';
import type { MachineSpec } from '../sim/machine-spec.ts';

const MOST_LINES = 12;

/** What was understood of each guest, word by word, and what was not. */
export function guestImportText(guests: readonly GuestImport[], machine: MachineSpec): string {
  const lines: string[] = [];
  for (const { name, file, format, words, remarks, unsimulated, description } of guests) {
    lines.push(`${name} (${format}, ${show(file)}), on ${machine.name}`);
    const width = Math.max(...[...words.keys()].map((word) => word.length));
    for (const [word, value] of words) lines.push(`  ${word.padEnd(width)}  ${value}`);
    for (const remark of remarks) lines.push(`  note: ${whole(remark)}`);
    for (const one of unsimulated) lines.push(`  left out: ${whole(one)}`);
    const told = description.ignored.filter(isTold);
    for (const one of told.slice(0, MOST_LINES)) lines.push(`  note: ${whole(one)}`);
    if (told.length > MOST_LINES) lines.push(`  note: ${told.length - MOST_LINES} more, by --json`);
    const passedOver = description.ignored.filter((one) => !isTold(one));
    if (passedOver.length > 0) lines.push(`  without effect here: ${withoutEffect(passedOver)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** More than a name is said: how it was taken, or why it does not count. */
function isTold(ignored: string): boolean {
  return ignored.replace(/^line \d+: /, '').includes(': ');
}

/** With its reason, which stands last. */
function whole(text: string): string {
  const MOST_CHARACTERS = 300;
  return plainText(text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}...` : text);
}

function withoutEffect(ignored: readonly string[]): string {
  const shown = ignored.slice(0, MOST_LINES).map(whole).join('; ');
  return ignored.length > MOST_LINES ? `${shown}; and ${ignored.length - MOST_LINES} more` : shown;
}

export function guestImportJson(guests: readonly GuestImport[], machine: string, out: string | null, scenario: string): object {
  return {
    schemaVersion: 1,
    machine,
    out,
    guests: guests.map(({ name, file, format, words, remarks, unsimulated, description }) => ({
      name,
      file,
      format,
      words: Object.fromEntries(words),
      remarks,
      unsimulated,
      ignored: description.ignored,
      description,
    })),
    scenario,
  };
}
