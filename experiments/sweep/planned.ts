import { createHash } from 'node:crypto';
import { basename, dirname, resolve } from 'node:path';
import { filesNamedBy, type FileWord } from '../file-words.ts';
import { InputError, show } from '../input-error.ts';
import type { Engine } from '../runs/execute.ts';
import { runId } from '../runs/run-id.ts';
import { sourceOfOrder } from '../runs/run-order.ts';
import { readerBeside } from '../scenario-file.ts';
import { readScenario } from '../scenario-input.ts';
import type { Registries } from '../scenario-words.ts';
import { bundlePolicy } from '../user-policy/bundle.ts';
import type { GuardedRunner } from '../user-policy/guarded-runner.ts';
import { describePolicy, fileOfWord, isPolicyFile } from '../user-policy/load.ts';
import type { PolicyBundle, UserPolicy } from '../user-policy/user-policy.ts';
import type { Tree } from '../yaml-tree.ts';
import type { Manifest, ManifestRun } from './manifest.ts';
import { type Plan, stepsOf, variedOf } from './plan.ts';
import { commitOf, hostFacts } from './provenance.ts';
import { withVaried } from './sweep-folder.ts';

export interface Planned {
  readonly manifest: Manifest;
  /** Texts of policies and files by their SHA-256. */
  readonly inputs: ReadonlyMap<string, string>;
}

/**
 * Counts out a plan: every run's words are read as a scenario, and named by all its result depends on.
 * @param code what `codeOf` says
 * @throws InputError with the place in the plan and the run
 */
export async function planned(plan: Plan, engine: Engine, runner: GuardedRunner, code: string): Promise<Planned> {
  const { policies, files } = await namedFiles(plan, runner);
  const registries: Registries = { ...engine, policies: [...engine.policies, ...policies] };
  const runs = runsOf(plan, registries, files, code);
  const inputs = new Map<string, string>();
  const keep = (text: string): string => {
    const sha256 = createHash('sha256').update(text).digest('hex');
    inputs.set(sha256, text);
    return sha256;
  };
  const manifest: Manifest = {
    schemaVersion: 1,
    version: engine.version,
    code,
    commit: commitOf(),
    plan: { name: basename(plan.name), text: plan.text },
    policies: policies.map(({ bundle }) => ({ file: bundle.file, sha256: keep(JSON.stringify(bundle)) })),
    files: Object.entries(files).map(([name, text]) => ({ name, sha256: keep(text) })),
    host: hostFacts(),
    words: plan.words,
    varied: plan.axes.flatMap(({ words }) => words),
    runs,
  };
  return { manifest, inputs };
}

function runsOf(plan: Plan, registries: Registries, files: Readonly<Record<string, string>>, code: string): ManifestRun[] {
  const runs: ManifestRun[] = [];
  const indexOfId = new Map<string, number>();
  for (let index = 0; index < plan.runCount; index++) {
    const words = variedOf(plan, index);
    const all = withVaried(plan.words, words);
    const id = named(plan, index, () => runId(readScenario(sourceOfOrder({ words: all, files }), registries), filesOf(all, files), code));
    const same = indexOfId.get(id);
    if (same !== undefined) {
      throw new InputError(`${plan.place([])}run ${index} is run ${same} again (${textOf(words)}), want each run once${againHint(plan)}`);
    }
    indexOfId.set(id, index);
    runs.push({ id, words });
  }
  return runs;
}

/** What helps where chance drew the same values twice. */
function againHint({ words, axes }: Plan): string {
  const part = axes
    .map(({ words: [word = ''], pathOf }) => String(pathOf(0, word)[0]))
    .find((name) => name === 'random' || name === 'latin-hypercube');
  if (part === undefined) return '';
  const isSeeded = words.seed !== undefined || axes.some((axis) => axis.words.includes('seed'));
  const seed = isSeeded ? '' : ', or draw a seed for each as well (seed: {from: 1, to: 1000000, whole: true})'; // an axis of seeds would repeat them all
  return `; ${part} drew the same twice: draw fewer or with another ${part}.seed${seed}`;
}

/** The files that these words name, of all there are. */
function filesOf(words: Readonly<Record<string, Tree>>, files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(filesNamedBy(words).map((name) => [name, files[name]!]));
}

/** An error in the words of a run says where in the plan they stand, and what run it is. */
function named<Result>(plan: Plan, index: number, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { message } = error;
    const run = plan.axes.length === 0 ? '' : ` (run ${index}: ${textOf(variedOf(plan, index))})`;
    throw new InputError(`${placeOf(plan, index, message)}${message}${run}`);
  }
}

/** Where the word that a message begins with stands in the plan. */
function placeOf(plan: Plan, index: number, message: string): string {
  const [, word = '', inner = ''] = /^([a-z][a-z0-9-]*)(?:\[\d+\])?(?:\.([a-z-]+))?/.exec(message) ?? [];
  const steps = stepsOf(plan.axes, index);
  const [, option = ''] = /, want (?:for|option) ([a-z][a-z0-9-]*)/.exec(message) ?? [];
  const names = [`${word}.${inner}`, `${word}.${option}`, word];
  for (const name of names) {
    const at = plan.axes.findIndex(({ words }) => words.includes(name));
    if (at >= 0 && Object.hasOwn(plan.axes[at]!.wordsAt(steps[at]!), name)) return plan.place(plan.axes[at]!.pathOf(steps[at]!, name));
  }
  return plan.place([word]).replace(`: ${word}: `, ': ');
}

/** `policy apart, guests 7`. */
export function textOf(words: Readonly<Record<string, Tree>>): string {
  const parts = Object.entries(words).map(([word, value]) => `${word} ${show(value)}`);
  return parts.length > 6 ? `${parts.slice(0, 6).join(', ')}, ...` : parts.join(', ');
}

interface NamedFiles {
  readonly policies: readonly UserPolicy[];
  readonly files: Readonly<Record<string, string>>;
}

/** Policies and other files that any run names, from the folder the plan is in. */
async function namedFiles(plan: Plan, runner: GuardedRunner): Promise<NamedFiles> {
  const policyNames = new Set<string>();
  const fileNames = new Map<string, FileWord>();
  for (let index = 0; index < plan.runCount; index++) {
    const words = { ...plan.words, ...variedOf(plan, index) };
    const { policy } = words;
    if (typeof policy === 'string' && isPolicyFile(policy)) policyNames.add(fileOfWord(policy));
    for (const name of filesNamedBy(words)) fileNames.set(name, words.machine === name ? 'machine' : 'workload');
  }
  const read = readerBeside(plan.name);
  const policies: UserPolicy[] = [];
  for (const file of policyNames) policies.push(await describePolicy(await bundleOf(file, dirname(plan.name)), runner));
  return { policies, files: Object.fromEntries([...fileNames].map(([name, word]) => [name, read(name, word).text])) };
}

/** Knows nothing of where it lay, so that errors name the same place of it wherever it runs. */
async function bundleOf(file: string, folder: string): Promise<PolicyBundle> {
  return { ...(await bundlePolicy(resolve(folder, file))), file, path: basename(file) };
}
