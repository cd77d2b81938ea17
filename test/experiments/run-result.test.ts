import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { runResult } from '../../experiments/run-result.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import { recordingOf } from './recording-fixture.ts';
import { registries } from './scenario-fixtures.ts';

const text =
  'policy: drift:stay=3ms,order=near\nseed: 12345678901234567890\nguests: [{name: web, workload: compile, vcpus: 2}, {}]\nduration: 3s';
const scenario = readScenario({ flags: {}, file: { name: 's.yaml', text } }, registries);
const recording = recordingOf(scenario, 70);
const result = runResult(scenario, recording, '1.2.3');

interface Schema {
  [key: string]: unknown;
}

/** The schema lets fields be added; here each must be in it. */
function closed(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map(closed);
  const inner = Object.fromEntries(Object.entries(schema).map(([key, part]) => [key, closed(part)])) as Schema;
  return inner.type === 'object' && inner.additionalProperties === undefined ? { ...inner, additionalProperties: false } : inner;
}

const schema = closed(JSON.parse(readFileSync(new URL('../../docs/run-result.schema.json', import.meta.url), 'utf8'))) as Schema;
const validate = new Ajv2020({ allErrors: true, allowUnionTypes: true }).compile(schema);
const errorsOf = (value: unknown): string[] => {
  validate(JSON.parse(JSON.stringify(value)));
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
};

describe('the result of a run', () => {
  test('is what its schema says, with no field that is not in it', () => {
    expect(errorsOf(result)).toEqual([]);
  });

  test.each([
    ['a seed as a number', { ...result, seed: 7 }, '/seed must be string'],
    ['a missing hash', { ...result, hash: undefined }, " must have required property 'hash'"],
    ['a NaN', { ...result, simulatedNs: NaN }, '/simulatedNs must be integer'],
    ['half a nanosecond', { ...result, total: { ...result.total, waitNs: 0.5 } }, '/total/waitNs must be integer'],
    ['a ratio above 1', { ...result, total: { ...result.total, remoteRatio: 1.5 } }, '/total/remoteRatio must be <= 1'],
    [
      'an unknown cause',
      { ...result, total: { ...result.total, causes: { ...result.total.causes, magic: 1 } } },
      '/total/causes must NOT have',
    ],
  ])('with %s would not be', (_, wrong, message) => {
    expect(errorsOf(wrong).join('\n')).toContain(message);
  });

  test('names what was run, with the options that were changed', () => {
    const { schemaVersion, version, seed, machine, policy, oracle, workload } = result;
    expect([schemaVersion, version, seed, machine, policy, oracle, workload]).toEqual([
      1, '1.2.3', '12345678901234567890', 'lopsided', 'drift:stay=3ms', false, 'compile+stare',
    ]); // prettier-ignore
    expect(result.guests.map((guest) => [guest.name, guest.workload, guest.vcpus, guest.bootNs])).toEqual([
      ['web', 'compile', 2, 1_000],
      ['vm1', 'stare', 1, 1_001],
    ]);
    expect(result.bytesByResource['controller 0']).toBe(1_000);
    expect(result.setting).toMatchObject({ durationNs: 3e9, limitNs: 3_600e9, startGapNs: 0 });
  });

  test('has everything the engine recorded', () => {
    const { bytesByResource: _bytes, timeline: _timeline, guests, ...rest } = recording;
    expect(result).toMatchObject(rest);
    guests.forEach(({ workload: _workload, ...guest }, i) => expect(result.guests[i]).toMatchObject(guest));
  });

  test('has the same bytes whatever the order in which the engine set its fields', () => {
    const backwards = Object.fromEntries(Object.entries(recording).reverse()) as unknown as typeof recording;
    const total = Object.fromEntries(Object.entries(recording.total).reverse()) as unknown as typeof recording.total;
    const causes = Object.fromEntries(Object.entries(recording.total.causes).reverse()) as unknown as typeof total.causes;
    const other = runResult(scenario, { ...backwards, total: { ...total, causes } }, '1.2.3');
    expect(JSON.stringify(other)).toBe(JSON.stringify(result));
  });
});
