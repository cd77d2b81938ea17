import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { DamagedManifest, manifestText, readManifest } from '../../../experiments/sweep/manifest-file.ts';
import { withVaried } from '../../../experiments/sweep/sweep-folder.ts';
import { DamagedResult, readResult, resultText } from '../../../experiments/sweep/result-file.ts';
import { tally } from '../../tally.ts';
import { executed, MANIFEST, NOTE } from './three-runs-fixture.ts';

let flipped = 0;
let cut = 0;
let believed = 0;
afterAll(() => tally('damage', { 'bits flipped': flipped, 'files cut': cut, 'damaged files believed': believed }));

const { id } = MANIFEST.runs[1]!;
const order = { words: withVaried(MANIFEST.words, MANIFEST.runs[1]!.words), policies: [], files: { 'note.txt': NOTE }, timelinePoints: 0 };
const result = executed(order);
const written = Buffer.from(resultText(id, { ...result, workload: 'größer \ufffd' })); // bytes that are not ASCII, and the mark of bytes that are not UTF-8
const manifest = Buffer.from(manifestText({ ...MANIFEST, plan: { name: 'größer.yaml', text: '\ufffd' } }));

describe.each([
  ['a result', written, (bytes: Buffer): unknown => readResult(id, bytes), DamagedResult],
  ['a manifest', manifest, (bytes: Buffer): unknown => readManifest('m.json', bytes), DamagedManifest],
] as const)('%s', (kind, whole, read, Damaged) => {
  const isFound = (bytes: Buffer): boolean => {
    try {
      read(bytes);
      believed++;
      return false;
    } catch (error) {
      return error instanceof Damaged;
    }
  };

  test('is read as it was written', () => {
    expect(JSON.stringify(read(whole))).toContain('größer');
  });

  test('is checked by hand as docs/surviving.md says', () => {
    const docs = readFileSync(new URL('../../../docs/surviving.md', import.meta.url), 'utf8');
    const [, bytes] = new RegExp(`head -c -(\\d+) ${kind === 'a result' ? 'runs/ID' : 'manifest'}\\.json \\| sha256sum`).exec(docs)!;
    const sum = createHash('sha256')
      .update(whole.subarray(0, -Number(bytes)))
      .digest('hex');
    expect(whole.toString()).toMatch(new RegExp(`${sum}"\\s*\\}\\n$`));
  });

  test('with any bit of any byte flipped is damaged', () => {
    const bytes = Buffer.from(whole);
    const missed: string[] = [];
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        bytes[at]! ^= 1 << bit;
        if (!isFound(bytes)) missed.push(`byte ${at}, bit ${bit}`);
        flipped++;
        bytes[at]! ^= 1 << bit;
      }
    }
    expect(missed).toEqual([]);
    expect(bytes).toEqual(whole);
  });

  test('cut anywhere, or with a byte more, is damaged', () => {
    const missed: number[] = [];
    for (let length = 0; length < whole.length; length++) {
      if (!isFound(whole.subarray(0, length))) missed.push(length);
      if (length > 0 && !isFound(whole.subarray(length))) missed.push(-length);
      cut += 2;
    }
    expect(missed).toEqual([]);
    expect([Buffer.concat([whole, Buffer.from('\n')]), Buffer.concat([Buffer.from(' '), whole])].map(isFound)).toEqual([true, true]);
  });

  test('whose bytes are no UTF-8 is damaged, though as text it is the same', () => {
    const broken = Buffer.from(whole.toString('latin1').replace('\u00ef\u00bf\u00bd', '\u00c3'), 'latin1'); // half of an ö
    expect(broken.toString()).toBe(whole.toString());
    expect(isFound(broken)).toBe(true);
  });
});

describe('a hash that fits does not make a result of', () => {
  const other = MANIFEST.runs[2]!.id;
  test.each([
    ['that of another run', resultText(other, result), 'holds that of another run'],
    ['nothing', resultText(id, null as never), 'is no result of this version'],
    ['a version to come', resultText(id, { ...result, schemaVersion: 2 as 1 }), 'is no result of this version'],
    ['a list', resultText(id, [] as never), 'is no result of this version'],
  ])('%s', (_, text, message) => {
    expect(() => readResult(id, text)).toThrow(message);
  });
});

describe('a hash that fits does not make a manifest of', () => {
  test.each([
    ['a version to come', { schemaVersion: 2 }, 'm.json: schemaVersion: want 1: another version of numalab has planned this'],
    ['ids that lead elsewhere', { runs: [{ id: '../../etc/passwd', words: {} }] }, 'm.json: runs[0].id: want 64 hexadecimal digits'],
    ['hashes that lead elsewhere', { files: [{ name: 'x', sha256: '..' }] }, 'm.json: files[0].sha256: want 64 hexadecimal digits'],
    ['words that are numbers', { words: { seed: 1 } }, 'm.json: words: want words of a run'],
    [
      'words that mean something to JavaScript',
      { words: JSON.parse('{"a":{"__proto__":{"x":"1"}}}') },
      'm.json: words: want words of a run',
    ],
    ['words that lead there', { runs: [{ id, words: { 'constructor.prototype': 'x' } }] }, 'm.json: runs[0].words: want words of a run'],
    ['a run twice', { runs: [MANIFEST.runs[0], MANIFEST.runs[0]] }, 'm.json: runs: want each run once'],
    ['words without end', { words: JSON.parse(`{"a":${'['.repeat(500)}${']'.repeat(500)}}`) }, 'm.json: words: want words of a run'],
    ['runs that are none', { runs: 3 }, 'm.json: runs: want a list of runs'],
  ])('%s', (_, change, message) => {
    const text = manifestText({ ...MANIFEST, ...change } as never);
    expect(() => readManifest('m.json', Buffer.from(text))).toThrow(message);
  });
});
