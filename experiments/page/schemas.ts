import { z } from 'zod';

/** What a page reads of the files that numalab wrote: no more than it draws, so that newer files with more in them still read. */

const share = z.number().nullable();
const text = z.string();
const count = z.int().min(0);

const intervalSchema = z.object({ mean: z.number(), low: z.number().nullable(), high: z.number().nullable() });
/** Ends are null where a single seed gave no interval. */
export type PageInterval = z.infer<typeof intervalSchema>;

const pointSchema = z.object({
  series: text,
  x: z.number(),
  words: z.record(z.string(), z.unknown()),
  mean: intervalSchema,
  low: z.number(),
  high: z.number(),
  remoteRatio: share,
  causes: z.record(z.string(), share),
  failures: z.array(text),
});
export type PagePoint = z.infer<typeof pointSchema>;

const chartSchema = z.object({
  name: text,
  title: text,
  question: text,
  xLabel: text.optional(),
  yLabel: text.optional(),
  unit: text,
  isHigherBetter: z.boolean(),
  isLog: z.boolean().optional(),
  xIsBytes: z.boolean().optional(),
  /** What stands at the axis in place of a number: of sweeps over words. */
  xNames: z.record(z.string(), text).optional(),
  size: text,
  seeds: z.array(text),
  points: z.array(pointSchema).min(1),
});
export type PageChart = z.infer<typeof chartSchema>;

const causeChangeSchema = z.object({ cause: text, change: z.number() });

const findingSchema = z.object({
  charts: z.array(text).min(1),
  x: z.number(),
  baseline: text,
  candidate: text,
  gain: intervalSchema,
  causes: z.array(causeChangeSchema),
});
export type PageFinding = z.infer<typeof findingSchema>;

const figureSchema = z.object({ value: z.unknown(), source: text, assumed: z.boolean() });

const machineSchema = z.object({
  name: text,
  summary: text,
  sockets: z.int().min(1),
  cpus: count,
  nodes: z.array(z.object({ node: count, socket: count, cpus: z.array(count), memoryBytes: z.number() })).min(1),
  resources: z.array(z.object({ name: text, GBps: z.number().nullable() })),
  figures: z.record(z.string(), figureSchema),
});
export type PageMachine = z.infer<typeof machineSchema>;

const causesNs = z.record(z.string(), z.number());
const perNode = z.array(z.array(z.number()));

const timelineSchema = z.object({
  timesNs: z.array(z.number()).min(1),
  guests: z.array(z.object({ measuredFromNs: z.number().nullable(), nodeRunNs: perNode, nodeBlocks: perNode })),
  resourceBytes: perNode,
});
export type PageTimeline = z.infer<typeof timelineSchema>;

export const runSchema = z.object({
  schemaVersion: z.literal(1),
  command: text.optional(),
  version: text,
  seed: text,
  machine: text,
  policy: text,
  oracle: z.boolean(),
  workload: text,
  status: text,
  message: text.nullable(),
  simulatedNs: z.number().positive(),
  total: z.object({
    throughput: z.object({ value: z.number().nullable(), unit: text }),
    elapsedNs: z.number(),
    remoteRatio: share,
    lifetimeNs: z.number(),
    causes: causesNs,
  }),
  guests: z.array(z.object({ name: text, vcpus: count, memoryBytes: z.number().optional(), status: text, blocksByNode: z.array(z.number()) })), // prettier-ignore
  bytesByResource: z.record(z.string(), z.number()),
  linesByPair: z.array(z.number().min(0)),
  timeline: timelineSchema.nullish(),
  /** With all else that was set, by which runs of different settings are told apart. */
  setting: z.looseObject({ durationNs: z.number().nullable(), costs: z.record(z.string(), z.union([z.number(), z.boolean()])) }),
});
export type PageRun = z.infer<typeof runSchema>;

export const deckSchema = z.object({
  schemaVersion: z.literal(1),
  command: text.optional(),
  version: text,
  code: text.optional(),
  question: text.optional(),
  deck: text.optional(),
  answer: text.optional(),
  answerTable: z.object({ title: text, columns: z.array(text), rows: z.array(z.array(text)) }).nullish(),
  machines: z.array(machineSchema).optional(),
  charts: z.array(chartSchema).min(1),
  findings: z.array(findingSchema),
  examples: z.array(runSchema).optional(),
});
export type PageDeck = z.infer<typeof deckSchema>;

const comparedSchema = z.object({
  policy: text,
  oracle: z.boolean(),
  mean: intervalSchema,
  /** `relative` is not in files of before it was told. */
  difference: intervalSchema
    .extend({ pValue: z.number().optional(), isPValueMost: z.boolean().optional(), relative: intervalSchema.nullish() })
    .nullable(),
  verdict: text,
  isTooSmall: z.boolean().optional(),
  causes: z.array(causeChangeSchema),
});
export type PageCompared = z.infer<typeof comparedSchema>;

const sideSchema = z.object({ policy: text, difference: z.number().nullable(), verdict: text });

const sensitivitySchema = z.object({
  seeds: z.array(text),
  share: z.number(),
  base: z.array(sideSchema),
  figures: z.array(
    z.object({
      figure: text,
      less: z.array(sideSchema).nullable(),
      more: z.array(sideSchema).nullable(),
      turns: z.array(z.object({ policy: text, at: z.enum(['less', 'more']), verdict: text })),
    }),
  ),
});
export type PageSensitivity = z.infer<typeof sensitivitySchema>;

const warmUpSchema = z.object({ rule: text, cutNs: z.number(), settles: z.boolean().nullable() });

const oneComparisonSchema = z.object({
  metric: z.object({ name: text, unit: text, isHigherBetter: z.boolean() }),
  level: z.number().gt(0).lt(1),
  seeds: z.array(text),
  warmUp: warmUpSchema.nullish(),
  policies: z.array(comparedSchema).min(1),
  sensitivity: sensitivitySchema.nullish(),
});

export const comparisonSchema = oneComparisonSchema.extend({
  schemaVersion: z.literal(1),
  command: text.optional(),
  version: text,
  code: text.optional(),
  machine: text,
  workload: text,
  over: text.optional(),
  others: z.array(oneComparisonSchema).optional(),
  failures: z.array(z.object({ policy: text, seed: text, status: text, message: text.nullable() })).optional(),
  examples: z.array(runSchema).optional(),
});
export type PageComparison = z.infer<typeof comparisonSchema>;
export type PageOneComparison = z.infer<typeof oneComparisonSchema>;
