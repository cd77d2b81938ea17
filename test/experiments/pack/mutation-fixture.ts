import { gunzipSync, gzipSync } from 'node:zlib';
import { TAR_BLOCK } from '../../../formats/ustar.ts';
import { archiveOf, membersOf, type Packed, withSums } from './pack-fixture.ts';

export type Random = () => number;

/** Numbers in [0, 1) that a seed repeats. */
export function drawn(seed: number): Random {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** One mutation of a pack: of its gzip, of its tar, of a header whose sum fits again, or of its members with or without new hashes. */
export function mutated(archive: Buffer, random: Random): { readonly kind: string; readonly bytes: Buffer } {
  const kinds = Object.entries(KINDS);
  const [kind, mutate] = kinds[Math.floor(random() * kinds.length)]!;
  return { kind, bytes: mutate(archive, random) };
}

const NAMES = [
  '../../escaped',
  '/tmp/escaped',
  'study/../../escaped',
  'study\\..\\escaped',
  'study/.hidden',
  'other/manifest.json',
  '',
  'x'.repeat(100),
];
const SIZES = [
  '77777777777',
  '00000000000',
  '-0000000001',
  '0x000000010',
  '\u0080\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0010',
];

const KINDS: Readonly<Record<string, (archive: Buffer, random: Random) => Buffer>> = {
  'gzip bytes': (archive, random) => bytesChanged(archive, random),
  'gzip cut': (archive, random) => archive.subarray(0, below(random, archive.length)),
  'tar bytes': (archive, random) => zipped(bytesChanged(gunzipSync(archive), random)),
  'tar cut': (archive, random) => {
    const tar = gunzipSync(archive);
    return zipped(tar.subarray(0, below(random, tar.length)));
  },
  'blocks moved': (archive, random) => {
    const tar = gunzipSync(archive);
    const block = (): number => TAR_BLOCK * below(random, tar.length / TAR_BLOCK);
    tar.copy(tar, block(), block(), block());
    return zipped(tar);
  },
  header: (archive, random) => {
    const tar = gunzipSync(archive);
    const at = headersOf(tar)[below(random, headersOf(tar).length)]!;
    const header = tar.subarray(at, at + TAR_BLOCK);
    const what = below(random, 3);
    if (what === 0) header.fill(0, 0, 100).write(one(NAMES, random), 0, 'latin1');
    else if (what === 1) header.write(one(SIZES, random), 124, 'latin1');
    else header.write(one(['1', '2', '3', '5', '6', 'x', 'g', 'L', 'K'], random), 156, 'latin1');
    header.fill(0x20, 148, 156);
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
      'latin1',
    );
    return zipped(tar);
  },
  'members changed': (archive, random) => archiveOf(membersChanged(archive, random)),
  'members changed, hashes forged': (archive, random) => archiveOf(withSums(membersChanged(archive, random))),
  'manifest changed, hashes forged': (archive, random) => {
    const members = membersOf(archive).map((one) =>
      one.name.endsWith('/manifest.json') ? { ...one, content: jsonChanged(one.content, random) } : one,
    );
    return archiveOf(withSums(members));
  },
};

function membersChanged(archive: Buffer, random: Random): Packed[] {
  const members = membersOf(archive);
  const at = below(random, members.length);
  const what = below(random, 4);
  if (what === 0) members.splice(at, 1);
  else if (what === 1) members.push({ ...one(members, random), name: members[at]!.name });
  else if (what === 2) members[at] = { name: members[at]!.name, content: bytesChanged(members[at]!.content, random) };
  else members[at] = { name: members[at]!.name, content: one(members, random).content };
  return members;
}

/** A value somewhere in it becomes another one. */
function jsonChanged(content: Buffer, random: Random): Buffer {
  const value = JSON.parse(content.toString()) as Record<string, unknown>;
  let at: Record<string, unknown> = value;
  for (;;) {
    const key = one(Object.keys(at), random);
    const inner = at[key];
    if (typeof inner === 'object' && inner !== null && Object.keys(inner).length > 0 && random() < 0.8)
      at = inner as Record<string, unknown>;
    else {
      at[key] = one<unknown>([null, 0, -1, 1e308, '', '../../escaped', '\u001b[2J', [], {}, [[[]]], true, '__proto__', inner], random);
      return Buffer.from(JSON.stringify(value));
    }
  }
}

function bytesChanged(bytes: Buffer, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length === 0) return Buffer.from([1]);
  for (let n = 1 + below(random, 3); n > 0; n--) copy[below(random, copy.length)]! ^= 1 + below(random, 255);
  return copy;
}

function headersOf(tar: Buffer): number[] {
  const found = [];
  for (let at = 0; at < tar.length; at += TAR_BLOCK) if (tar.toString('latin1', at + 257, at + 262) === 'ustar') found.push(at);
  return found;
}

function zipped(tar: Buffer): Buffer {
  return gzipSync(tar, { level: 1 });
}

function one<Of>(of: readonly Of[], random: Random): Of {
  return of[below(random, of.length)]!;
}

function below(random: Random, bound: number): number {
  return Math.floor(random() * bound);
}
