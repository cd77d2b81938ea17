import { calibrate } from '../../experiments/calibration.ts';
import { readMeasurements } from '../../experiments/calibration-input.ts';
import { InputError, show } from '../../experiments/input-error.ts';
import { readScenarioFile } from '../../experiments/scenario-file.ts';
import { calibrationJson, calibrationText } from '../calibration-text.ts';
import { type Command, DONE, JSON_FLAG } from '../command.ts';

export const machineCalibrate: Command = {
  name: 'machine calibrate',
  summary: 'fit the figures of a machine to measurements in YAML, CSV or as Intel MLC prints them',
  operands: ['file'],
  flags: [
    {
      name: 'cpus',
      summary: 'CPUs that loaded the machine while latency under load was measured; gives their lines in flight',
      kind: 'text',
    },
    JSON_FLAG,
  ],
  examples: [
    ['mlc > mlc.txt; numalab machine calibrate mlc.txt --cpus 52', 'what Intel Memory Latency Checker measured, on 52 cores'],
    ['numalab machine calibrate bandwidth.csv', 'a table that begins with kind,cpuNode,node,threads,GBps,latencyNs'],
    [
      'numalab machine calibrate measured.yaml --json',
      'lists latency, bandwidth and loaded, of rows such as {cpuNode: 0, node: 1, threads: 2, GBps: 3.6}',
    ],
  ],
  run(call, _lab, terminal) {
    const [file = ''] = call.operands;
    const { name, text } = readScenarioFile(file, 'machine calibrate');
    const found = calibrate(readMeasurements(name, text), cpusOf(call.texts.cpus));
    const out = call.switches.has('json') ? `${JSON.stringify(calibrationJson(found, name), null, 2)}\n` : calibrationText(found, name);
    terminal.out(out);
    return DONE;
  },
};

function cpusOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const cpus = Number(text);
  if (/^\d+$/.test(text) && cpus >= 1 && cpus <= 4096) return cpus;
  throw new InputError(`--cpus = ${show(text)}, want a whole number from 1 to 4096`);
}
