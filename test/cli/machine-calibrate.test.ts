import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { session } from './session.ts';

const folder = mkdtempSync(join(tmpdir(), 'calibrate-'));
afterAll(() => rmSync(folder, { recursive: true }));

const sample = (name: string): string => fileURLToPath(new URL(`../samples/${name}`, import.meta.url));
function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}
const calibrate = (...argv: string[]): ReturnType<typeof session> => session(['machine', 'calibrate', ...argv]);

/** Two threads of node 0 fill its 4 GB/s; alone one gets 2.5. The other node is slower, and its pair not filled. */
const TABLE = `kind,cpuNode,node,threads,GBps,latencyNs
latency,0,0,,,80
latency,1,1,,,90
latency,0,1,,,130
bandwidth,0,0,1,2.5,
bandwidth,0,0,2,4,
bandwidth,0,0,3,4,
bandwidth,1,1,1,2.2,
bandwidth,1,1,3,5,
bandwidth,1,1,4,5,
bandwidth,0,1,1,1.4,
bandwidth,1,0,1,1.3,
`;

describe('machine calibrate', () => {
  test('prints parameters, every measurement with its error, and lines for a machine file', async () => {
    const { code, out, err } = await calibrate(file('table.csv', TABLE));
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain('rise = 0.3647, curve = 0.5346');
    expect(out).toMatch(/^ +0 +4\.0\d\d /m);
    expect(out).toMatch(/^ +0<0 +read +1 +2\.500 +2\.\d\d\d +-?\d\.\d %$/m);
    expect(out.match(/^ +[01]<[01] /gm)).toHaveLength(8);
    expect(out).toMatch(
      /^ {2}oneThreadReadGBps: \{ value: \[\[2\.\d+, 1\.4\d*\], \[1\.3\d*, 2\.\d+\]\], source: "table\.csv, by numalab machine calibrate" \},$/m,
    );
    expect(out).toContain('loadedLatency: { value: { rise: 0.3647, curve: 0.5346 }, source: "assumed: pooled fit');
  });

  test('--json has the same, and nothing else is printed', async () => {
    const { code, out, err } = await calibrate(sample('xeon-8269cy.mlc.txt'), '--cpus', '52', '--json');
    expect([code, err]).toEqual([0, '']);
    const found = JSON.parse(out);
    expect(found).toMatchObject({
      schemaVersion: 1,
      loadedLatency: { fitted: true },
      figures: { linesInFlight: expect.closeTo(17.558, 3) },
      notes: [],
    });
    expect(found.curves[0].points.filter(({ fitted }: { fitted: boolean }) => fitted)).toHaveLength(13);
    expect(found.residuals).toHaveLength(16);
    expect(found.snippet).toContain('pairGBps: { value: [[58.909,');
  });

  test('tells each curve beside the fit of all', async () => {
    const { out } = await calibrate(sample('loaded-latency.csv'));
    expect(out).toMatch(/^cs_arch04_2s +82\.3 +159\.2 +0\.33\d\d +0\.58\d\d +0\.7 % +1\.9 %$/m);
    expect(out).toContain('fitted to 51 points below 0.97 of the peak: mean error 1.9 %, largest 7.4 %');
  });

  test.each([
    [['no-such-file.csv'], 'machine calibrate = no-such-file.csv, want a file that can be read (ENOENT)'],
    [[sample('loaded-latency.csv'), '--cpus', 'many'], '--cpus = many, want a whole number from 1 to 4096'],
  ])('%j is bad input', async (argv, message) => {
    expect(await calibrate(...argv)).toMatchObject({ code: 2, out: '', err: `${message}\n` });
  });

  test('bad input is told by line, once, with exit code 2', async () => {
    const { code, out, err } = await calibrate(file('bad.csv', TABLE.replace('1.4', 'fast')));
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/bad\.csv:11: GBps = fast, want a number above 0\n$/);
    expect(err.trim().split('\n')).toHaveLength(1);
  });

  test('its help has examples', async () => {
    const { out } = await calibrate('--help');
    expect(out).toContain('numalab machine calibrate mlc.txt --cpus 52');
  });
});
