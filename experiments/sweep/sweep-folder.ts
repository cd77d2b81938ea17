import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { InputError, show } from '../input-error.ts';
import type { RunResult } from '../run-result.ts';
import type { RunOrder, RunWords } from '../runs/run-order.ts';
import { writeWhole } from '../store.ts';
import type { PolicyBundle } from '../user-policy/user-policy.ts';
import type { Tree } from '../yaml-tree.ts';
import type { Manifest } from './manifest.ts';
import { DamagedResult, readResult, resultText } from './result-file.ts';

/** Two runs of one id gave different bytes: the simulator, or a policy, is not deterministic. Both are kept. */
export class DifferentResult extends Error {
  override name = 'DifferentResult';
}

export type RunState = 'done' | 'missing' | 'damaged';

/** A folder with a manifest, what its runs need, and the results that are there. What is done is read off the results alone. */
export class SweepFolder {
  readonly path: string;
  readonly manifest: Manifest;

  private constructor(path: string, manifest: Manifest) {
    this.path = path;
    this.manifest = manifest;
  }

  /** Writes the inputs, then the manifest; results that are there stay. `inputs`: texts by their SHA-256. */
  static create(path: string, manifest: Manifest, inputs: ReadonlyMap<string, string>): SweepFolder {
    for (const [sha256, text] of inputs) writeWhole(join(path, 'inputs', sha256), text);
    writeWhole(join(path, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`);
    return new SweepFolder(path, manifest);
  }

  /** @throws InputError if there is no sound manifest */
  static open(path: string): SweepFolder {
    const file = join(path, 'manifest.json');
    if (!existsSync(file)) throw new InputError(`${show(path)}: has no manifest.json, want the folder of a sweep (numalab sweep plan)`);
    return new SweepFolder(path, JSON.parse(readFileSync(file, 'utf8')) as Manifest);
  }

  /** What to do for the run of this index. */
  orderOf(index: number): RunOrder {
    const { words, policies, files } = this.manifest;
    return {
      words: withVaried(words, this.manifest.runs[index]!.words),
      policies: policies.map(({ sha256 }) => JSON.parse(this.#input(sha256)) as PolicyBundle),
      files: Object.fromEntries(files.map(({ name, sha256 }) => [name, this.#input(sha256)])),
      timelinePoints: 0,
    };
  }

  stateOf(index: number): RunState {
    try {
      return this.result(index) ? 'done' : 'missing';
    } catch (error) {
      if (error instanceof DamagedResult) return 'damaged';
      throw error;
    }
  }

  /**
   * The stored result, or null if there is none.
   * @throws DamagedResult
   */
  result(index: number): RunResult | null {
    const file = this.resultFile(index);
    return existsSync(file) ? readResult(this.manifest.runs[index]!.id, readFileSync(file, 'utf8')) : null;
  }

  /**
   * Keeps a result; a damaged one that stood there is put aside.
   * @throws DifferentResult if a sound one of other bytes is there; StoreError if it cannot be written
   */
  put(index: number, result: RunResult): 'written' | 'same' {
    const { id } = this.manifest.runs[index]!;
    const file = this.resultFile(index);
    const text = resultText(id, result);
    const state = this.stateOf(index);
    if (state === 'damaged') renameSync(file, `${file}.damaged`);
    if (state === 'done') {
      if (readFileSync(file, 'utf8') === text) return 'same';
      writeWhole(`${file}.different`, text);
      throw new DifferentResult(`run ${index} (${id}): gave other bytes than before; both are kept, ${file} and ${file}.different`);
    }
    writeWhole(file, text);
    return 'written';
  }

  resultFile(index: number): string {
    return join(this.path, 'runs', `${this.manifest.runs[index]!.id}.json`);
  }

  #input(sha256: string): string {
    const file = join(this.path, 'inputs', sha256);
    const text = readFileSync(file, 'utf8');
    if (createHash('sha256').update(text).digest('hex') !== sha256) throw new InputError(`${show(file)}: is damaged; plan the sweep again`);
    return text;
  }
}

/** `costs.hook` goes into the mapping `costs`, `policy.margin` into the options of the policy; all else stands on its own. */
export function withVaried(words: RunWords, varied: RunWords): RunWords {
  const all: Record<string, Tree> = { ...words };
  const names = Object.keys(varied);
  for (const name of names) if (!name.includes('.')) all[name] = varied[name]!;
  for (const name of names) {
    const [outer, inner] = name.split('.') as [string, string | undefined];
    if (inner === undefined) continue;
    if (outer === 'costs') all.costs = { ...(all.costs as Record<string, Tree> | undefined), [inner]: varied[name]! };
    else all[outer] = withOption(String(all[outer] ?? ''), inner, varied[name]!);
  }
  return all;
}

/** `apart` and `apart:steal=2` with one option more. */
function withOption(named: string, option: string, value: Tree): string {
  return `${named}${/:[a-z][a-z0-9-]*=/.test(named) ? ',' : ':'}${option}=${typeof value === 'object' ? '' : value}`;
}
