import { readFileSync } from 'node:fs';
import { machineFileText } from '../../experiments/machine-file-text.ts';
import { readMachineFile } from '../../experiments/machine-file.ts';
import { bunzip2 } from '../../formats/bunzip2.ts';
import { readHwlocSynthetic } from '../../formats/hwloc-synthetic.ts';
import { readHwlocXml } from '../../formats/hwloc-xml.ts';
import { readMlc } from '../../formats/mlc.ts';
import { readNumactl } from '../../formats/numactl.ts';
import { isSysfsFile, readSysfs } from '../../formats/sysfs.ts';
import { readTarFiles } from '../../formats/tar.ts';
import { lopsided } from '../../machines/lopsided.ts';
import { PACKED_TEXT } from './packed-text.ts';
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
      fixture('sparse.numactl.txt'),
      bytesOf('available: 1 nodes (0)\nnode 0 cpus: 0 1\nnode 0 size: 5 MB\nNo distance information available.\n'),
    ],
  },
  {
    name: 'sysfs in a tar',
    read: (bytes) => readSysfs(readTarFiles(bytes, isSysfsFile)),
    seeds: [tarOf(dumpOf({ nodes: [{ ...smallDump.nodes[1]!, distances: [10] }] }))],
  },
  { name: 'bzip2', read: (bytes) => bunzip2(bytes, 1 << 20), seeds: [PACKED_TEXT] },
  {
    name: 'machine file',
    read: (bytes) => readMachineFile('machine.yaml', asText(bytes), []),
    seeds: [bytesOf(machineFileText(lopsided))],
  },
  { name: 'hwloc-xml', read: (bytes) => readHwlocXml(asText(bytes)), seeds: [fixture('hwloc-v1.xml'), fixture('hwloc-v2.xml')] },
  {
    name: 'hwloc-synthetic',
    read: (bytes) => readHwlocSynthetic(asText(bytes)),
    seeds: [
      bytesOf('pack:4 group:2 [numa(memory=16GB)] core:6 pu:1'),
      bytesOf('numa:2(memory=1GB indexes=5,3) l3:1(size=8MB) core:4 pu:2(indexes=numa:core)'),
      bytesOf('[numa] 2 3(indexes=1*2:2*3) 4'),
    ],
  },
];
