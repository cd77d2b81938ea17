import { readFileSync } from 'node:fs';
import { machineFileText } from '../../experiments/machine-file-text.ts';
import { readMachineFile } from '../../experiments/machine-file.ts';
import { readMlc } from '../../formats/mlc.ts';
import { readNumactl } from '../../formats/numactl.ts';
import { isSysfsFile, readSysfs } from '../../formats/sysfs.ts';
import { readTarFiles } from '../../formats/tar.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { dumpOf, smallDump, tarOf } from './sysfs-fixture.ts';

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

/** Not bzip2: its sums refuse every change, so that test/formats/bunzip2.test.ts changes each byte instead. */
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
  {
    name: 'numactl',
    read: (bytes) => readNumactl(asText(bytes)),
    seeds: [
      bytesOf(`${'$ lscpu\nCPU(s): 5\n'.repeat(100)}${asText(fixture('sparse.numactl.txt'))}`),
      bytesOf('available: 1 nodes (0)\nnode 0 cpus: 0 1\nnode 0 size: 5 MB\nNo distance information available.\n'),
    ],
  },
  {
    name: 'sysfs in a tar',
    read: (bytes) => readSysfs(readTarFiles(bytes, isSysfsFile)),
    seeds: [tarOf(dumpOf({ nodes: [{ ...smallDump.nodes[1]!, distances: [10] }] }))],
  },
  {
    name: 'sysfs', // without the sums of an archive, which refuse most changes
    read: (bytes) => readSysfs(new Map(asText(bytes).split('\x01').map((file) => file.split('\x02') as [string, string]).filter(({ length }) => length === 2))), // prettier-ignore
    seeds: [bytesOf([...dumpOf(smallDump)].map((file) => file.join('\x02')).join('\x01'))],
  },
  {
    name: 'machine file',
    read: (bytes) => readMachineFile('machine.yaml', asText(bytes), []),
    seeds: [bytesOf(machineFileText(lopsided))],
  },
];
