import { expect, test } from 'vitest';
import { ALL, readMeasurements } from '../../experiments/calibration-input.ts';
import { InputError } from '../../experiments/input-error.ts';

const YAML = `latency:
  - {cpuNode: 0, node: 1, latencyNs: 125}
bandwidth:
  - {cpuNode: 0, node: 1, threads: 2, GBps: 3.5}
  - {cpuNode: 2, node: 0, threads: all, GBps: 1.5, access: write}
loaded:
  - {latencyNs: 80, GBps: 1}
`;
const CSV = `# a comment
kind,cpuNode,node,threads,GBps,latencyNs,access,curve
latency,0,1,,,125,,

bandwidth,0,1,2,3.5,,,
bandwidth,2,0,all,1.5,,write,
loaded,,,,1,80,,
`;

test('YAML and CSV say the same', () => {
  const withoutPlace = (file: string, text: string): unknown =>
    JSON.parse(JSON.stringify(readMeasurements(file, text), (key, value: unknown) => (key === 'at' ? undefined : value)));
  const wanted = {
    latencies: [{ cpuNode: 0, node: 1, latencyNs: 125 }],
    bandwidths: [
      { cpuNode: 0, node: 1, threads: 2, isWrite: false, GBps: 3.5 },
      { cpuNode: 2, node: 0, threads: ALL, isWrite: true, GBps: 1.5 },
    ],
    loaded: [{ curve: 'loaded', latencyNs: 80, GBps: 1 }],
  };
  expect(withoutPlace('m.yaml', YAML)).toEqual(wanted);
  expect(withoutPlace('m.csv', CSV)).toEqual(wanted);
  expect(withoutPlace('m.json', JSON.stringify({ bandwidth: [{ cpuNode: 0, node: 0, threads: 1, GBps: 2 }] }))).toMatchObject({
    bandwidths: [{ threads: 1, GBps: 2 }],
  });
});

test('each row knows its place in the file', () => {
  expect(readMeasurements('m.yaml', YAML).bandwidths[1]!.at).toBe('m.yaml:5:5');
  expect(readMeasurements('m.csv', CSV).bandwidths[1]!.at).toBe('m.csv:6');
});

test.each([
  ['', 'm: empty, want measurements'],
  ['latency:\n  - {cpuNode: 0, node: 1, latencyNs: 125}\n', 'm: neither bandwidth nor latency under load'],
  ['- 1\n', 'm:1:1: a list of 1, want lists named latency, bandwidth, loaded'],
  ['bandwith:\n  - {}\n', 'm:1:1: kind = bandwith, want one of latency, bandwidth, loaded; did you mean bandwidth?'],
  ['bandwidth: 3\n', 'm:1:12: bandwidth = 3, want a list'],
  ['bandwidth:\n  - 3\n', 'm:2:5: bandwidth[0] = 3, want a mapping such as {cpuNode: 1'],
  ['loaded:\n  - {latencyNs: 80, GBps: [1]}\n', 'm:2:27: GBps = a list of 1, want one value'],
  ['loaded:\n  - {latencyNs: 80}\n', 'm:2:5: loaded without GBps, want latencyNs, GBps'],
  ['loaded:\n  - {latencyNs: 80, GBps: 1, MBps: 1000}\n', 'm:2:30: MBps in a row of loaded, want only latencyNs, GBps, curve'],
  ['kind,latencyNs,GBps\nloaded,80,1\nloaded,fast,2\n', 'm:3: latencyNs = fast, want a number above 0'],
  ['kind,latencyNs,GBps\nloaded,80,0\n', 'm:2: GBps = 0, want a number above 0'],
  ['kind,latencyNs,GBps\nloaded,80\n', 'm:2: 2 fields, want 3: kind, latencyNs, GBps'],
  ['kind,cpuNode,node,threads,GBps\nbandwidth,0,0,1.5,2\n', 'm:2: threads = 1.5, want a whole number from 1 to 4096'],
  ['kind,cpuNode,node,threads,GBps\nbandwidth,0,-1,1,2\n', 'm:2: node = -1, want a whole number from 0 to 253'],
  ['kind,cpuNode,node,threads,GBps,access\nbandwidth,0,0,1,2,both\n', 'm:2: access = both, want read or write'],
  ['kind,GBps\nloadd,3\n', 'm:2: kind = loadd, want one of latency, bandwidth, loaded; did you mean loaded?'],
  ['Measuring idle latencies\nNuma node 0\n 0 x\n', 'm, line 3: x, want a number above 0'],
])('%j is refused', (text, message) => {
  expect(() => readMeasurements('m', text)).toThrow(InputError);
  expect(() => readMeasurements('m', text)).toThrow(message);
});
