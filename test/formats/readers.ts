import { readFileSync } from 'node:fs';
import { readLibvirt } from '../../formats/libvirt.ts';
import { readMlc } from '../../formats/mlc.ts';
import { readXlConfig } from '../../formats/xl-config.ts';

/** Every reader of another tool's file, with small sound inputs to begin from: what the fuzzing of test/long/formats.long.ts goes through. */
export interface FuzzedReader {
  readonly name: string;
  /** What it makes of them does not matter; it may only throw a RangeError of one line. */
  read(bytes: Uint8Array): unknown;
  readonly seeds: readonly Uint8Array[];
}

/** A text of the folder `fixtures`, as its bytes. */
export function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url));
}

export const asText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export const fuzzedReaders: readonly FuzzedReader[] = [
  {
    name: 'mlc',
    read: (bytes) => readMlc(asText(bytes)),
    seeds: [
      bytesOf(
        'Measuring idle latencies (in ns)...\n\t\tNuma node\nNuma node\t     0\t     1\n       0\t  81.5\t 139.2\n       1\t 141.0\t  80.1\n',
      ),
    ],
  },
  { name: 'libvirt', read: (bytes) => readLibvirt(asText(bytes)), seeds: [fixture('libvirt-cells.xml')] },
  { name: 'xl', read: (bytes) => readXlConfig(asText(bytes)), seeds: [fixture('xl-vnuma.cfg')] },
];
