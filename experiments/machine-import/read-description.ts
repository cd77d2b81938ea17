import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { bunzip2 } from '../../formats/sysfs/bunzip2.ts';
import { FormatError } from '../../formats/format-error.ts';
import { readHwlocSynthetic } from '../../formats/hwloc/synthetic.ts';
import { readHwlocXml } from '../../formats/hwloc/xml.ts';
import { readNumactl } from '../../formats/numactl/numactl.ts';
import { isSysfsFile, readSysfs } from '../../formats/sysfs/sysfs.ts';
import { isTar, readTarFiles } from '../../formats/sysfs/tar.ts';
import type { Topology } from '../../formats/topology.ts';
import { InputError, show } from '../input-error.ts';
import { wantOneOf } from '../named-options.ts';
import { readBytes } from '../scenario-file.ts';
import { readDumpFolder } from './dump-folder.ts';

export const MACHINE_FORMATS = ['hwloc', 'numactl', 'synthetic', 'sysfs'] as const;
export type MachineFormat = (typeof MACHINE_FORMATS)[number];

export interface Description {
  readonly topology: Topology;
  readonly format: MachineFormat;
  /** As sources name it: `drachma.xml (hwloc)`. */
  readonly from: string;
}

/** Of a description, packed and unpacked. */
const MOST_BYTES = 64 * 1024 ** 2;

/**
 * Reads a description of a machine: a file of hwloc's XML, of what numactl -H prints, of a synthetic string of hwloc; a folder or a tar
 * (plain, gzip or bzip2) of a /sys dump; `-` for the standard input. What is no file and no folder is taken for a synthetic string.
 * @param format left out: told by the content
 * @throws InputError of one line naming the file
 */
export function readDescription(name: string, format: MachineFormat | null): Description {
  const place = name === '-' ? 'standard input' : placeOf(name);
  const called = place === 'standard input' ? place : place === 'nowhere' ? 'a synthetic string' : show(basename(name));
  const described = (topology: Topology, kind: MachineFormat): Description => ({ topology, format: kind, from: `${called} (${kind})` });
  try {
    if (place === 'folder') {
      if (format !== null && format !== 'sysfs') throw new InputError(`--format = ${format}, want sysfs for a folder`);
      return described(readSysfs(readDumpFolder(name)), 'sysfs');
    }
    const isWords = place === 'nowhere' && (format === null || format === 'synthetic');
    const bytes = isWords ? Buffer.from(name) : inUtf8(unpacked(readBytes(name, 'machine import', MOST_BYTES)));
    const kind = format ?? (isWords ? 'synthetic' : guess(bytes));
    const other = kind === 'synthetic' && format === null ? otherThanSynthetic(bytes) : null;
    if (other !== null) throw new InputError(`${place === 'standard input' ? place : show(name)}: ${isWords ? 'no such file or folder' : other}, want ${WANTED}`); // prettier-ignore
    return described(read(bytes, kind), kind);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    const note = place === 'nowhere' ? ' (no such file, so read as a synthetic string of hwloc)' : '';
    throw new InputError(`${place === 'standard input' ? place : show(name)}: ${error.message}${note}`);
  }
}

/** @throws InputError */
export function formatNamed(text: string): MachineFormat {
  const format = MACHINE_FORMATS.find((one) => one === text);
  if (format === undefined) throw new InputError(`--format = ${show(text)}, ${wantOneOf(text, MACHINE_FORMATS)}`);
  return format;
}

function placeOf(name: string): 'file' | 'folder' | 'nowhere' {
  try {
    return statSync(name).isDirectory() ? 'folder' : 'file';
  } catch {
    return 'nowhere';
  }
}

function read(bytes: Uint8Array, format: MachineFormat): Topology {
  if (format === 'sysfs') {
    if (!isTar(bytes)) throw new FormatError(1, 1, 'no tar archive, want a dump of /sys as a folder or a tar (plain, .gz or .bz2)');
    return readSysfs(readTarFiles(bytes, isSysfsFile));
  }
  const text = textOf(bytes);
  if (format === 'numactl') return readNumactl(text);
  return format === 'hwloc' ? readHwlocXml(text) : readHwlocSynthetic(text);
}

function guess(bytes: Uint8Array): MachineFormat {
  if (isTar(bytes)) return 'sysfs';
  const start = new TextDecoder().decode(bytes.subarray(0, 65_536)); // a report may have much before what numactl says
  if (/^\s*(?:\ufeff)?</.test(start)) return 'hwloc';
  return /^[ \t>#|*]{0,40}(?:available: |node \d+ |No NUMA)/m.test(start) ? 'numactl' : 'synthetic';
}

const WANTED = "hwloc's XML, what numactl -H prints, a dump of /sys (folder or tar), or a synthetic string such as 'pack:2 core:4 pu:2'";

/** What a text is that does not even start as synthetic strings do: whoever gives it is not told what their grammar wants in its place. */
function otherThanSynthetic(bytes: Uint8Array): string | null {
  const start = new TextDecoder().decode(bytes.subarray(0, 4096));
  if (/^\s*(?:\[|\(|(?:[a-z]\w*:)?\d)/i.test(start)) return null;
  if (start.trim() === '') return 'empty';
  if (/^sockets:/m.test(start) && /^nodeCpus:/m.test(start)) return 'a machine file already (numalab machine show)';
  return packedWith(bytes) ?? 'of no format that is known';
}

function packedWith(bytes: Uint8Array): string | null {
  const starts = (...magic: number[]): boolean => magic.every((byte, i) => bytes[i] === byte);
  if (starts(0xfd, 0x37, 0x7a, 0x58, 0x5a)) return 'packed by xz, which is not read here';
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return 'packed by zstd, which is not read here';
  return starts(0x50, 0x4b, 3, 4) ? 'packed by zip, which is not read here' : null;
}

function textOf(bytes: Uint8Array, encoding: 'utf-8' | 'utf-16le' | 'utf-16be' = 'utf-8'): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new FormatError(1, 1, `no text in ${encoding.toUpperCase()}, want a description of a machine`);
  }
}

/** What Windows writes where a shell sends a tool's words to a file begins with a mark, two bytes a character. */
function inUtf8(bytes: Uint8Array): Uint8Array {
  const mark = (bytes[0]! << 8) | bytes[1]!;
  const encoding = mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : null;
  return encoding === null ? bytes : Buffer.from(textOf(bytes, encoding));
}

function unpacked(bytes: Uint8Array): Uint8Array {
  const [first, second, third] = bytes;
  if (first === 0x42 && second === 0x5a && third === 0x68) return bunzip2(bytes, MOST_BYTES);
  if (first !== 0x1f || second !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_BYTES });
  } catch (error) {
    const isLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    throw new FormatError(1, 1, `gzip: ${isLarge ? `more than ${MOST_BYTES} bytes unpacked` : 'damaged'}, want a sound archive`);
  }
}
