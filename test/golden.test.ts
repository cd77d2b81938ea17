import { describe, expect, test } from 'vitest';
import { readScenario } from '../experiments/scenario-input.ts';
import { machines } from '../machines/index.ts';
import { policies } from '../policies/index.ts';
import { run } from '../sim/engine.ts';
import { workloads } from '../workloads/index.ts';

/**
 * Hashes of all decisions of eight runs. A change of one is a change of results: it wants a line in CHANGELOG.md that says why.
 * Logarithms differ in the last bit between versions of V8, so a hash is promised for one major version of Node only.
 */
const NODE_MAJOR = '20';
const golden: readonly [words: Record<string, string>, hash: string][] = [
  [{ policy: 'kvm-unpinned', workload: 'lmbench-rd', guests: '13', duration: '700ms', seed: '3' }, 'cb54d6498881a2eb'],
  [{ policy: 'kvm-numactl', workload: 'kernbench:jobs=30', guests: '9', vcpus: '2', seed: '4' }, 'ba57fa1648a3a342'],
  [{ policy: 'xen-numa-off', workload: 'lmbench-lat', guests: '21', duration: '600ms', seed: '5', kind: 'xen-hvm' }, '5313d41301ff7327'],
  [{ policy: 'apart', workload: 'kernbench:jobs=20', guests: '17', vcpus: '4', seed: '6', ties: 'seeded' }, '137050eb276f5d4e'],
  [
    { policy: 'unpinned-migrating', workload: 'stream', guests: '5', vcpus: '3', duration: '500ms', seed: '7', 'host-noise': '2' },
    '30cb236b9ac68fc2',
  ],
  [
    { policy: 'autonuma', workload: 'hot-set:heat=zipf', guests: '5', vcpus: '3', memory: '2GiB', duration: '2s', seed: '8' },
    '4f95a965c9478d5a',
  ],
  [
    {
      policy: 'temporary-migration:sample=4000',
      workload: 'hot-set:drift=20ms',
      guests: '9',
      vcpus: '2',
      duration: '1500ms',
      seed: '9',
      'host-noise': '2',
    },
    'd5c136d5413bd874',
  ],
  [
    {
      policy: 'kvm-unpinned',
      workload: 'specjbb-like',
      guests: '2',
      vcpus: '8',
      memory: '4GiB',
      vnodes: '2',
      'vnuma-host': 'keep',
      duration: '500ms',
      seed: '10',
    },
    '8c35f7329d1da326',
  ],
];

describe.runIf(process.versions.node.startsWith(`${NODE_MAJOR}.`))(`on Node ${NODE_MAJOR}`, () => {
  test.each(golden)('%j makes the decisions it always made', (words, hash) => {
    const recording = run(readScenario({ flags: words }, { machines, policies, workloads }));
    expect([recording.status, recording.hash]).toEqual(['ok', hash]);
  });
});
