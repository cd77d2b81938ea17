const START = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}\+0000: starting up\b.*$/gm;

/**
 * The last command line of a log that libvirt keeps of a guest (/var/log/libvirt/qemu/NAME.log), at its place: all else of the text is
 * blank. A text that is none stays as it is.
 * After: libvirt, src/qemu/qemu_process.c, qemuLogOperation, and virCommandToString: one option a line, with a backslash before the next.
 * @returns how often the guest was started, 0 for a text that is no log
 */
export function commandOfLog(text: string): { readonly text: string; readonly starts: number } {
  const starts = [...text.matchAll(START)];
  const last = starts.at(-1);
  if (!last) return { text, starts: 0 };
  const from = last.index + last[0].length;
  let end = from;
  do end = lineEnd(text, end + 1);
  while (end < text.length && /\\\r?$/.test(text.slice(Math.max(from, end - 2), end)));
  return { text: blank(text.slice(0, from)) + text.slice(from, end) + blank(text.slice(end)), starts: starts.length };
}

function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end;
}

function blank(text: string): string {
  return text.replace(/[^\n]+/g, (line) => ' '.repeat(line.length));
}
