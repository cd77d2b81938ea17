import { FormatError } from '../../formats/format-error.ts';
import type { RtAppFile } from '../../formats/rt-app/file.ts';

/** @throws FormatError for the first CPU or node of the file that the machine does not have */
export function checkHost({ hostUses }: RtAppFile, hostCpus: number, hostNodes: number): void {
  for (const { kind, highest, path, line, column } of hostUses) {
    const count = kind === 'cpus' ? hostCpus : hostNodes;
    if (highest >= count) throw new FormatError(line, column, `${path} = ${highest}, want 0 to ${count - 1}, those of the machine`);
  }
}
