import { lopsided } from '../../../machines/lopsided.ts';
import { factsOf, type PageInputs, pageInputs } from '../../../experiments/page/page-inputs.ts';
import type { PageChart, PageComparison, PageDeck, PageRun } from '../../../experiments/page/schemas.ts';

/** Ends an element, an attribute and a script; turns the direction of text; colours a terminal. */
export const HOSTILE = '</script><script>alert(1)</script>"\'><img src=x onerror=alert(2)>\u202e\u001b[31m&amp;';

const causes = (compute: number, distance: number, queueLink: number): Record<string, number> => ({ compute, distance, queueLink, sleep: 1 - compute - distance - queueLink }); // prettier-ignore

function chartOf(name: string, policy: string, means: readonly number[], isLog = false): PageChart {
  return {
    name,
    title: `Chart ${name}`,
    question: `What of ${name}?`,
    xLabel: 'guests',
    yLabel: 'GB/s a guest',
    unit: 'GB/s',
    isHigherBetter: true,
    isLog,
    xIsBytes: false,
    size: 'reduced',
    seeds: ['1', '2'],
    points: means.map((mean, i) => ({
      series: policy,
      x: [1, 5, 23][i]!,
      words: { policy, guests: String([1, 5, 23][i]) },
      mean: { mean, low: mean * 0.9, high: mean * 1.05 },
      low: mean * 0.7,
      high: mean * (i === 1 ? 1.25 : 1.2),
      remoteRatio: 0.1 * (i + 1),
      causes: causes(0.5 - 0.1 * i, 0.2 + 0.05 * i, 0.11),
      failures: i === 2 ? ['2'] : [],
    })),
  };
}

export const deck: PageDeck = {
  schemaVersion: 1,
  version: '1.2.3',
  code: '1.2.3+c0de.node20',
  command: 'numalab deck --size reduced --seeds 2',
  deck: 'They should know!',
  answer: 'They need not.',
  answerTable: { title: 'By size', columns: ['size', 'gain'], rows: [['1 GiB', '1.07']] },
  charts: [chartOf('first', 'wander', [3.25, 2.5, 1.75]), chartOf('second', HOSTILE, [3.5, 3.25, 0.125], true)],
  findings: [1, 5, 23].map((x, i) => ({
    charts: ['first', 'second'],
    x,
    baseline: 'wander',
    candidate: HOSTILE,
    gain: [
      { mean: 1.077, low: 1.02, high: 1.14 },
      { mean: 1.3, low: 0.9, high: 1.9 },
      { mean: 0.071, low: 0.06, high: 0.08 },
    ][i]!,
    causes: [{ cause: 'distance', change: -0.12 }],
  })),
};

/** 3 nodes, 2 guests; vm0 moves from node 0 to node 2 in the second half. */
export function runOf(policy: string, guestName: string): PageRun {
  return {
    schemaVersion: 1,
    command: `numalab run --policy ${policy}`,
    version: '1.2.3',
    seed: '7',
    machine: 'lopsided',
    policy,
    oracle: false,
    workload: 'stream',
    status: 'ok',
    message: null,
    simulatedNs: 4_000_000_000,
    total: {
      throughput: { value: 6.5, unit: 'GB/s' },
      elapsedNs: 3e9,
      remoteRatio: 0.3,
      lifetimeNs: 8e9,
      causes: { compute: 2e9, memoryLocal: 3e9, distance: 1e9, queueController: 2e9 },
    },
    guests: [
      { name: guestName, vcpus: 1, status: 'ok', blocksByNode: [5, 0, 1] },
      { name: 'vm1', vcpus: 2, status: 'ok', blocksByNode: [0, 7, 0] },
    ],
    bytesByResource: Object.fromEntries(factsOf(lopsided).resources.map(({ name }, r) => [name, 4e9 * (r + 1) * 0.25])),
    linesByPair: [60, 5, 0, 0, 20, 0, 10, 0, 5],
    timeline: {
      timesNs: [0, 1e9, 2e9, 3e9, 4e9],
      guests: [
        {
          measuredFromNs: 1e9,
          nodeRunNs: [[0, 0, 0], [0.5e9, 0, 0], [1.5e9, 0, 0], [1.5e9, 0, 1e9], [1.5e9, 0, 2e9]], // prettier-ignore
          nodeBlocks: [[0, 0, 0], [4, 0, 0], [5, 0, 0], [5, 0, 1], [5, 0, 1]], // prettier-ignore
        },
        {
          measuredFromNs: 2e9,
          nodeRunNs: [[0, 0, 0], [0, 2e9, 0], [0, 4e9, 0], [0, 6e9, 0], [0, 8e9, 0]], // prettier-ignore
          nodeBlocks: [[0, 0, 0], [0, 7, 0], [0, 7, 0], [0, 7, 0], [0, 7, 0]], // prettier-ignore
        },
      ],
      resourceBytes: [0, 1, 2, 3, 4].map((t) => factsOf(lopsided).resources.map((_, r) => t * 1e9 * (r + 1) * (t < 3 ? 0.25 : 0.5))),
    },
    setting: { durationNs: 3e9, costs: { contextSwitchNs: 2000, shootdownNs: 1500, coldCache: true } },
  };
}

export const comparison: PageComparison = {
  schemaVersion: 1,
  command: 'numalab compare --policy wander --policy hold',
  version: '1.2.3',
  machine: 'lopsided',
  workload: 'stream',
  over: 'guests = 7',
  metric: { name: 'throughput', unit: 'GB/s', isHigherBetter: true },
  level: 0.95,
  seeds: ['1', '2', '3'],
  warmUp: { rule: 'mser-5', cutNs: 225_000_000, settles: false },
  policies: [
    { policy: 'wander', oracle: false, mean: { mean: 8, low: 7, high: 9 }, difference: null, verdict: 'baseline', causes: [] },
    {
      policy: 'hold',
      oracle: false,
      mean: { mean: 10, low: 9.5, high: 10.5 },
      difference: { mean: 2, low: 1, high: 3, pValue: 0.004, relative: { mean: 0.25, low: 0.11, high: 0.4375 } },
      verdict: 'better',
      causes: [{ cause: 'distance', change: -0.31 }],
    },
    {
      policy: HOSTILE,
      oracle: true,
      mean: { mean: 7.6, low: 6, high: 9.2 },
      difference: { mean: -0.4, low: -1.2, high: 0.4, pValue: 0.4 },
      verdict: 'no difference shown',
      causes: [],
    },
  ],
  sensitivity: {
    seeds: ['1', '2'],
    share: 0.2,
    base: [
      { policy: 'hold', difference: 0.25, verdict: 'better' },
      { policy: HOSTILE, difference: -0.05, verdict: 'no difference shown' },
    ],
    figures: [
      {
        figure: 'links',
        less: [
          { policy: 'hold', difference: 0.3, verdict: 'better' },
          { policy: HOSTILE, difference: -0.25, verdict: 'worse' },
        ],
        more: null,
        turns: [{ policy: HOSTILE, at: 'less', verdict: 'worse' }],
      },
    ],
  },
  failures: [{ policy: 'hold', seed: '3', status: 'out-of-memory', message: HOSTILE }],
};

/** Everything a page can show, read from files as a command would. */
export function everything(): PageInputs {
  const runs = [runOf('wander', HOSTILE), runOf(HOSTILE, 'vm0')];
  const { answer, deck: asked, answerTable, ...plain } = deck;
  const sources = [
    { name: 'deck.json', text: JSON.stringify({ ...plain, machines: [factsOf(lopsided)], examples: runs }) },
    { name: 'question.json', text: JSON.stringify({ ...plain, deck: asked, answer, answerTable }) },
    { name: `${HOSTILE}.json`, text: JSON.stringify([comparison]) },
  ];
  return pageInputs('numalab report deck.json', sources, [], []);
}
