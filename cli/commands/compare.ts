import { basename } from 'node:path';
import type { Contender } from '../../experiments/compare/replicate.ts';
import { runStudy, type Study, timelinePointsFor } from '../../experiments/compare/study.ts';
import { sweepCases } from '../../experiments/compare/sweep-cases.ts';
import { InputError, show } from '../../experiments/input-error.ts';
import { formatNamed } from '../../experiments/named-options.ts';
import { didYouMean } from '../../experiments/nearest-name.ts';
import { workloadText } from '../../experiments/run-result.ts';
import { wordsOf } from '../../experiments/runs/run-order.ts';
import type { ReadFile } from '../../experiments/file-words.ts';
import { LABELS, MAX_NAMED_FILE_BYTES, readScenarioFile } from '../../experiments/scenario-file.ts';
import { readScenario } from '../../experiments/scenario-input.ts';
import { writeWhole } from '../../experiments/store.ts';
import { SweepFolder } from '../../experiments/sweep/sweep-folder.ts';
import { sourcePaths } from '../../experiments/user-policy/source-paths.ts';
import { isUserPolicy, policySource } from '../../experiments/user-policy/user-policy.ts';
import {
  type Call,
  type Command,
  DONE,
  FAILED,
  type Flag,
  JSON_FLAG,
  type Lab,
  SCENARIO_FLAG,
  type Terminal,
  WORD_FLAGS,
} from '../command.ts';
import { checkOutputs } from '../check-outputs.ts';
import { commandLine } from '../command-line.ts';
import { type CompareCase, tellCase, withExamples } from '../compare-case.ts';
import { COMPARE_FLAGS, type CompareWords, compareWords } from '../compare-words.ts';
import { progressOn } from '../progress.ts';
import { reproduction } from '../reproduction.ts';
import { withRunPool, WORKERS_FLAG } from '../run-pool.ts';
import { sourceOf } from '../scenario-call.ts';
import { ISOLATE_FLAG, withUserPolicies } from '../user-policies.ts';

const POLICY_FLAG: Flag = { name: 'policy', summary: 'a policy; two or more, the first is compared with the others', kind: 'list' };
const OVER_FLAG: Flag = {
  name: 'over',
  summary: 'a word and the values it takes one after the other, such as guests=7,24,48',
  kind: 'text',
};
const SWEEP_FLAG: Flag = {
  name: 'sweep',
  summary: 'folder of a finished sweep: compares its policies instead of running any, a case for each combination of its other words',
  kind: 'text',
};
/** What goes with --sweep: all else says what to run. */
const WITH_SWEEP: readonly string[] = ['sweep', 'warm-up', 'quantiles', 'out', 'html', 'json'];

export const compare: Command = {
  name: 'compare',
  summary: 'run policies over several seeds and tell which is better, by how much, how sure and why',
  flags: [
    POLICY_FLAG,
    COMPARE_FLAGS.seeds,
    COMPARE_FLAGS.until,
    OVER_FLAG,
    SWEEP_FLAG,
    COMPARE_FLAGS.warmUp,
    COMPARE_FLAGS.quantiles,
    COMPARE_FLAGS.sensitivity,
    ...WORD_FLAGS.filter(({ name }) => name !== 'policy'),
    SCENARIO_FLAG,
    ISOLATE_FLAG,
    WORKERS_FLAG,
    COMPARE_FLAGS.out,
    COMPARE_FLAGS.html,
    JSON_FLAG,
  ],
  examples: [
    ['numalab compare --policy kvm-unpinned --policy kvm-numactl --workload lmbench-rd --guests 7', 'does pinning pay?'],
    ['numalab compare --policy kvm-unpinned --policy ./mine.ts --workload kernbench --guests 7', 'is your own idea better?'],
    ['numalab compare --policy pin --policy kvm-eevdf --workload kernbench --over guests=7,24,48', 'at three loads'],
    ['numalab compare --policy apart --policy apart:margin=0.2 --seeds 20 --workload kernbench', 'one option, two values'],
    [
      'numalab compare --policy pin --policy apart --workload lmbench-rd --guests 24 --until half-width=1%',
      'as sure as that, and no surer',
    ],
    [
      'numalab compare --policy pin --policy apart --workload lmbench-rd --guests 24 --sensitivity',
      'does the verdict hang on an assumed figure?',
    ],
    ['numalab compare --policy pin --policy apart --workload lmbench-rd --guests 7 --html page.html', 'as a page, to look at and to send'],
    ['numalab compare --sweep results/ --quantiles', 'what a finished sweep shows'],
  ],
  run(call, lab, terminal) {
    const words = compareWords(call);
    if (call.texts.sweep !== undefined) return compareSweep(call, words, lab, terminal);
    const policies = call.lists.policy ?? [];
    if (policies.length < 2)
      throw new InputError(`--policy: given ${policies.length === 1 ? 'once' : 'never'}, want two or more to compare`);
    const cases = casesOf(call);
    return withUserPolicies(call, lab, terminal, { words: policies }, async (user) => {
      const inputs = user.lab.policies.filter(isUserPolicy).flatMap(({ bundle }) => sourcePaths(bundle));
      const onFile = (path: string): void => void inputs.push(path);
      const read = cases.map((one) => ({ ...one, study: studyOf(one.call, policies, words, user.lab, onFile) })); // all before any is run
      checkOutputs(words, inputs);
      return withRunPool(call, lab, terminal, async (pool, lanes) => {
        const told = new Telling(read.length, call, words, lab, terminal);
        for (const { label, call: own, study } of read) {
          const result = await runStudy(study, words, pool, lanes, progressOn(terminal));
          const [scenario] = study.scenarios;
          told.tell({
            label,
            setting: { workload: workloadText(scenario!), machine: scenario!.machine.spec.name, guests: scenario!.guests.length },
            result,
            sources: new Map(study.scenarios.map((one) => [formatNamed(one.policy, one.policyOptions), policySource(one.policy)])),
            reproduction: (policy, seed) => reproduction(own, policy, seed),
          });
        }
        return told.end();
      });
    });
  },
};

function compareSweep(call: Call, words: CompareWords, lab: Lab, terminal: Terminal): Promise<number> {
  const given = [...Object.keys(call.texts), ...call.switches, ...Object.keys(call.lists).filter((name) => call.lists[name]!.length > 0)];
  const other = given.find((name) => !WITH_SWEEP.includes(name) && name !== 'debug');
  if (other !== undefined) throw new InputError(`--${other}: not with --sweep, whose runs are there already`);
  const cases = sweepCases(SweepFolder.open(call.texts.sweep!), words.warmUp);
  const told = new Telling(cases.length, call, words, lab, terminal);
  for (const { label, runs, first } of cases) {
    told.tell({
      label: label === '' ? null : label,
      setting: { workload: first.workload, machine: first.machine, guests: first.guests.length },
      result: { runs, reached: null, sensitivity: null },
      sources: new Map(runs.map(({ policy, example }) => [policy, example?.policySource ?? null])),
      reproduction: () => null,
    });
  }
  return told.end();
}

/** Prints the text of each case as it comes, or JSON when all are there; keeps it all in the files of --out and --html. */
class Telling {
  readonly #cases: number;
  readonly #words: CompareWords;
  readonly #lab: Lab;
  readonly #terminal: Terminal;
  readonly #about: { readonly version: string; readonly command: string };
  readonly #isJson: boolean;
  readonly #json: object[] = [];
  readonly #kept: object[] = [];
  #code = DONE;

  constructor(cases: number, call: Call, words: CompareWords, lab: Lab, terminal: Terminal) {
    this.#cases = cases;
    this.#words = words;
    this.#lab = lab;
    this.#terminal = terminal;
    this.#about = { version: lab.version, command: commandLine(compare, call) };
    this.#isJson = call.switches.has('json');
  }

  tell(one: CompareCase): void {
    const { isIncomplete, text, json } = tellCase(one, this.#cases, this.#words, this.#about, this.#terminal);
    if (isIncomplete) this.#code = FAILED;
    if (json) {
      this.#json.push(json);
      if (this.#words.out !== null || this.#words.page !== null) this.#kept.push(withExamples(json, one));
    }
    if (!this.#isJson && text !== '') this.#terminal.out(text);
  }

  /** @returns the exit code */
  async end(): Promise<number> {
    const isOne = this.#cases === 1;
    if (this.#json.length === 0) return this.#code;
    if (this.#isJson) this.#terminal.out(`${JSON.stringify(isOne ? this.#json[0] : this.#json, null, 2)}\n`);
    const { out, page } = this.#words;
    if (out === null && page === null) return this.#code;
    const text = `${JSON.stringify(isOne ? this.#kept[0] : this.#kept)}\n`;
    if (out !== null) writeWhole(out, text);
    if (page !== null) {
      const { writePage } = await import('../write-page.ts'); // what reads and draws results is loaded for this alone
      await writePage(page, [{ name: out === null ? 'compare.json' : basename(out), text }], this.#lab);
      this.#terminal.err(`page written to ${show(page)}: open it in a browser\n`);
    }
    return this.#code;
  }
}

/** The call itself, or with --over one for each value of a word. */
function casesOf(call: Call): { label: string | null; call: Call }[] {
  const { over } = call.texts;
  if (over === undefined) return [{ label: null, call }];
  const [word, list] = over.split(/=(.*)/s) as [string, string | undefined];
  if (word === 'seed')
    throw new InputError(
      `--over = ${show(over)}, want another word: each case runs the same seeds, as many as --seeds says, counted up from --seed`,
    );
  const known = WORD_FLAGS.map(({ name }) => name).filter((name) => name !== 'policy' && name !== 'seed');
  if (!known.includes(word))
    throw new InputError(`--over = ${show(over)}, want a word and its values such as guests=7,24,48${didYouMean(word, known)}`);
  const values = (list ?? '').split(';').flatMap((part) => (part.includes(':') ? [part] : part.split(',')));
  if (values.length < 2 || values.includes('') || new Set(values).size < values.length) {
    throw new InputError(
      `--over = ${show(over)}, want two or more different values such as guests=7,24,48, with ; between those that have options`,
    );
  }
  return values.map((value) => ({ label: `${word} = ${value}`, call: { ...call, texts: { ...call.texts, [word]: value } } }));
}

/** The same scenario under each policy. All are read before any is run. */
function studyOf(call: Call, policies: readonly string[], { warmUp }: CompareWords, lab: Lab, onFile: (path: string) => void): Study {
  const source = sourceOf(call);
  const files: Record<string, string> = {};
  const read: ReadFile = (name, word) => {
    const file = source.read?.(name, word) ?? readScenarioFile(name, LABELS[word], MAX_NAMED_FILE_BYTES);
    files[name] = file.text;
    onFile(file.name);
    return file;
  };
  const scenarios = policies.map((policy) => readScenario({ ...source, read, flags: { ...source.flags, policy } }, lab));
  const names = scenarios.map((scenario) => formatNamed(scenario.policy, scenario.policyOptions));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new InputError(`--policy = ${twice}: given twice, want different policies`);
  const bundles = lab.policies.filter(isUserPolicy).map(({ bundle }) => bundle);
  const contenders = scenarios.map((scenario, at): Contender => ({
    policy: names[at]!,
    oracle: scenario.policy.oracle,
    order: {
      words: wordsOf({ flags: { ...source.flags, policy: policies[at]! }, file: source.file }),
      policies: bundles,
      files,
      timelinePoints: timelinePointsFor(scenario, warmUp),
    },
    ending: scenario.guests.map(({ workload }) => workload.ends === 'by itself'),
  }));
  return { contenders, scenarios };
}
