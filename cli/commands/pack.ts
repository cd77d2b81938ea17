import { InputError, show } from '../../experiments/input-error.ts';
import { checkNoInput } from '../../experiments/no-input.ts';
import { packStudy } from '../../experiments/pack/pack.ts';
import { checkWritable } from '../../experiments/store.ts';
import { SweepFolder } from '../../experiments/sweep/sweep-folder.ts';
import { counted } from '../../report/format.ts';
import { type Command, DISK_FULL, DONE, FAILED, type Flag, JSON_FLAG } from '../command.ts';
import { complainOfResults, PARTIAL_FLAG } from './sweep-merge.ts';

const OUT_FLAG: Flag = { name: 'out', summary: 'the archive to write, a gzipped tar', kind: 'text' };

export const pack: Command = {
  name: 'pack',
  summary: 'make one archive of a sweep: manifest, inputs, sources of policies, results, and how to make them again',
  operands: ['dir'],
  flags: [OUT_FLAG, PARTIAL_FLAG, JSON_FLAG],
  examples: [
    ['numalab pack study --out study.tar.gz', 'all of a study, to be published or checked elsewhere (numalab verify)'],
    ['numalab pack study --out study.tar.gz --partial', 'with what there is of its results'],
  ],
  async run(call, _lab, terminal) {
    const { out } = call.texts;
    if (out === undefined) throw new InputError('--out: left out, want the archive to write, such as study.tar.gz');
    const folder = SweepFolder.open(call.operands[0]!);
    checkNoInput(out, '--out', [folder.path]);
    checkWritable(out, '--out');
    const runs = folder.manifest.runs.length;
    const outcome = await packStudy(folder, out, {
      isPartial: call.switches.has('partial'),
      onRun: (done) => terminal.progress(`packing: run ${done + 1} of ${runs}`),
    });
    terminal.progress('');
    complainOfResults(outcome, folder.path, terminal);
    if (call.switches.has('json')) {
      const { merged, missing, damaged, isPacked, members } = outcome;
      terminal.out(
        `${JSON.stringify({ schemaVersion: 1, out: isPacked ? out : null, runs, merged, missing, damaged, members }, null, 2)}\n`,
      );
    } else if (outcome.isPacked) {
      terminal.out(`${show(out)}: ${counted(outcome.merged, 'result')} of ${counted(runs, 'run')}, ${counted(outcome.members, 'file')}\n`);
      terminal.err(`anyone can check it: numalab verify ${show(out)}\n`);
    } else terminal.err(`${show(out)}: not written; --partial packs what is there, but nothing that is damaged\n`);
    if (outcome.damaged.length > 0) return DISK_FULL;
    return outcome.isPacked ? DONE : FAILED;
  },
};
