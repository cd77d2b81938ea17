import { readFileSync } from 'node:fs';
import { readHwlocSynthetic } from '../../formats/hwloc-synthetic.ts';
import { readHwlocXml } from '../../formats/hwloc-xml.ts';
import { readMlc } from '../../formats/mlc.ts';

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
  { name: 'hwloc-xml', read: (bytes) => readHwlocXml(asText(bytes)), seeds: [fixture('hwloc-v1.xml'), fixture('hwloc-v2.xml')] },
  {
    name: 'hwloc-synthetic',
    read: (bytes) => readHwlocSynthetic(asText(bytes)),
    seeds: [
      bytesOf('pack:4 group:2 [numa(memory=16GB)] core:6 pu:1'),
      bytesOf('numa:2(memory=1GB indexes=5,3) l3:1(size=8MB) core:4 pu:2(indexes=numa:core)'),
      bytesOf('[numa] 2 3(indexes=1*2:2*3) 4'),
      bytesOf('2 3 4'), // short ones, most of whose mutations are read: there is little to spare in this format
      bytesOf('pack:1          numa:1          core:1          pu:1          '),
    ],
  },
];
