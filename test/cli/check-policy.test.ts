import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lab } from '../../cli/lab.ts';
import { session } from './session.ts';

/** A policy whose memory part moves `rate` bytes a second, which is a figure that the engine looks at before it runs. */
const POLICY = `const rate = { name: 'rate', summary: 'bytes a second', kind: 'count', default: 5, min: 0 };
export default {
  name: 'mover', options: [rate],
  make: ({ rate }) => ({
    name: 'mover',
    cpu: { name: 'fifo', enqueue: (host, vcpu) => host.insert(vcpu, 0) },
    memory: { name: 'local', backs: 'first-touch', fallback: 'distance', alloc: () => 0, moveBytesPerSecond: rate },
  }),
};
`;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'numalab-check-'));
  writeFileSync(join(folder, 'mover.js'), POLICY);
});
afterAll(() => rmSync(folder, { recursive: true }));

test('check refuses figures of a policy of your own that a run would refuse, and runs nothing', async () => {
  const { policies, machines, workloads } = lab('1.2.3');
  const of = (options: string): ReturnType<typeof session> =>
    session(['check', '--policy', `${join(folder, 'mover.js')}${options}`], { policies, machines, workloads });
  expect(await of('')).toMatchObject({ code: 0, err: '', ran: [] });
  const { code, out, err } = await of(':rate=0');
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/mover\.js: PolicyError: memory\.moveBytesPerSecond = 0, want more than 0\n$/);
});
