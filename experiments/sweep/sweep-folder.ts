import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { join } from 'node:path';
import { StoreError } from '../failures.ts';
import { type FileCalls, FILE_CALLS, failureOf, isCode } from '../file-calls.ts';
import { InputError, showPath } from '../input-error.ts';
import type { RunResult } from '../run-result.ts';
import type { RunOrder, RunWords } from '../runs/run-order.ts';
import { writeNew, writeWhole } from '../store.ts';
import { removeStale } from '../temporary-files.ts';
import type { PolicyBundle } from '../user-policy/user-policy.ts';
import type { Tree } from '../yaml-tree.ts';
import type { Manifest } from './manifest.ts';
import { manifestText, readManifest } from './manifest-file.ts';
import { DamagedResult, readResult, resultText } from './result-file.ts';

/** Two runs of one id gave different bytes: the simulator, or a policy, is not deterministic. Both are kept. */
export class DifferentResult extends StoreError {
  override name = 'DifferentResult';
}

export type RunState = 'done' | 'missing' | 'damaged';

/** A link is not followed, and a pipe not waited for: neither is what numalab wrote. Windows knows neither flag. */
const AS_WRITTEN: number = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
/** Reading fails like this where something else stands than what was written, or the disk has lost it. */
const SPOILT = ['EIO', 'EISDIR', 'ELOOP', 'EAGAIN', 'ENXIO', 'ERR_FS_FILE_TOO_LARGE'];

/** A folder with a manifest, what its runs need, and the results that are there. What is done is read off the results alone. */
export class SweepFolder {
  readonly path: string;
  readonly manifest: Manifest;
  readonly #files: FileCalls;

  private constructor(path: string, manifest: Manifest, files: FileCalls) {
    this.path = path;
    this.manifest = manifest;
    this.#files = files;
  }

  /**
   * Writes the inputs, then the manifest; results that are there stay. `inputs`: texts by their SHA-256.
   * @throws InputError if something else is in the way; StoreError if it cannot be written
   */
  static create(path: string, manifest: Manifest, inputs: ReadonlyMap<string, string>, files: FileCalls = FILE_CALLS): SweepFolder {
    checkFolders(path, files);
    for (const [sha256, text] of inputs) writeWhole(join(path, 'inputs', sha256), text, files);
    writeWhole(join(path, 'manifest.json'), manifestText(manifest), files);
    return new SweepFolder(path, manifest, files);
  }

  /** @throws InputError if there is no manifest; DamagedManifest if it is not what was written */
  static open(path: string, files: FileCalls = FILE_CALLS): SweepFolder {
    checkFolders(path, files);
    const file = join(path, 'manifest.json');
    const bytes = bytesOf(file, files);
    if (bytes === null) throw new InputError(`${showPath(path)}: has no manifest.json, want the folder of a sweep (numalab sweep plan)`);
    return new SweepFolder(path, readManifest(file, bytes), files);
  }

  /** Before this process writes: removes what writers that died have left. Returns how many files. */
  clean(): number {
    return ['.', 'inputs', 'runs'].reduce((sum, folder) => sum + removeStale(join(this.path, folder), this.#files), 0);
  }

  /**
   * What to do for the run of this index.
   * @throws StoreError if an input is not what was written
   */
  orderOf(index: number): RunOrder {
    const { words, policies, files } = this.manifest;
    return {
      words: withVaried(words, this.manifest.runs[index]!.words),
      policies: policies.map(({ sha256 }) => JSON.parse(this.#input(sha256)) as PolicyBundle),
      files: Object.fromEntries(files.map(({ name, sha256 }) => [name, this.#input(sha256)])),
      timelinePoints: 0,
    };
  }

  /** Whether an input is there as it was written. */
  hasInput(sha256: string): boolean {
    try {
      this.#input(sha256);
      return true;
    } catch {
      return false;
    }
  }

  /** @throws StoreError if it cannot be known, as the disk refuses to be read */
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
   * @throws DamagedResult if it is not what was written; StoreError if the disk refuses to be read
   */
  result(index: number): RunResult | null {
    const { id } = this.manifest.runs[index]!;
    const bytes = this.#bytesOf(index);
    return bytes && readResult(id, bytes);
  }

  /**
   * Keeps a result; a damaged one that stood there is put aside, in place of the one before it. Several may keep one run at once.
   * @throws DifferentResult if a sound one of other bytes is there; StoreError if it cannot be written
   */
  put(index: number, result: RunResult): 'written' | 'same' {
    const { id } = this.manifest.runs[index]!;
    const file = this.resultFile(index);
    const text = resultText(id, result);
    for (let tries = 0; tries < 5; tries++) {
      if (writeNew(file, text, this.#files)) return 'written';
      const state = this.stateOf(index);
      if (state === 'damaged') this.#putAside(file);
      if (state !== 'done') continue; // put aside, or by another process just now
      if (this.#bytesOf(index)?.equals(Buffer.from(text))) return 'same';
      writeWhole(`${file}.different`, text, this.#files);
      throw new DifferentResult(
        `run ${index} (${id}): gave other bytes than before; both are kept, ${showPath(file)} and ${showPath(`${file}.different`)}`,
      );
    }
    throw new StoreError(`${showPath(file)}: comes and goes, the result is not written`);
  }

  /** Results that came out otherwise than those that stand: each is the alarm of a run that is not deterministic. */
  differentFiles(): string[] {
    const names = namesIn(join(this.path, 'runs'), this.#files);
    const ids = new Set(this.manifest.runs.map(({ id }) => `${id}.json.different`));
    return names
      .filter((name) => ids.has(name))
      .sort()
      .map((name) => join(this.path, 'runs', name));
  }

  resultFile(index: number): string {
    return join(this.path, 'runs', `${this.manifest.runs[index]!.id}.json`);
  }

  #bytesOf(index: number): Buffer | null {
    try {
      return bytesOf(this.resultFile(index), this.#files);
    } catch (error) {
      if (error instanceof Spoilt) throw new DamagedResult(error.message);
      throw error;
    }
  }

  #putAside(file: string): void {
    try {
      this.#files.renameSync(file, `${file}.damaged`);
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw new StoreError(`${showPath(file)}: is damaged, and cannot be put aside: ${failureOf(error)}`);
    }
  }

  #input(sha256: string): string {
    const file = join(this.path, 'inputs', sha256);
    const bytes = bytesOf(file, this.#files);
    const fits = bytes !== null && createHash('sha256').update(bytes).digest('hex') === sha256;
    if (!fits) throw new StoreError(`${showPath(file)}: is ${bytes ? 'damaged' : 'missing'}; plan the sweep again, its results are kept`);
    return bytes.toString();
  }
}

/** Something else stands there than a file. */
class Spoilt extends StoreError {}

/** Null if there is no such file. */
function bytesOf(path: string, files: FileCalls): Buffer | null {
  try {
    return files.readFileSync(path, { flag: AS_WRITTEN as unknown as string });
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    const message = `${showPath(path)}: ${failureOf(error)}, it cannot be read`;
    throw isCode(error, ...SPOILT) ? new Spoilt(message) : new StoreError(message);
  }
}

/** Nothing of a sweep is read or written outside of its folder: what stands in it is no link. */
function checkFolders(path: string, files: FileCalls): void {
  const whole = kindOf(`${path || '.'}/`, files); // with the stroke a link to a folder is one
  if (whole !== 'none' && whole !== 'folder') throw new InputError(`${showPath(path)}: is a ${whole}, want the folder of a sweep`);
  for (const [name, want] of [
    ['runs', 'folder'],
    ['inputs', 'folder'],
    ['manifest.json', 'file'],
  ] as const) {
    const kind = kindOf(join(path, name), files);
    if (kind !== 'none' && kind !== want) throw new InputError(`${showPath(join(path, name))}: is a ${kind}, want a ${want}`);
  }
}

function kindOf(path: string, files: FileCalls): 'none' | 'folder' | 'link' | 'file' {
  try {
    const found = files.lstatSync(path);
    return found.isDirectory() ? 'folder' : found.isSymbolicLink() ? 'link' : 'file';
  } catch (error) {
    if (isCode(error, 'ENOENT')) return 'none';
    if (isCode(error, 'ENOTDIR')) return 'file';
    if (isCode(error, 'EIO')) throw new StoreError(`${showPath(path)}: ${failureOf(error)}, it cannot be read`);
    throw new InputError(`${showPath(path)}: ${failureOf(error)}, want the folder of a sweep`);
  }
}

function namesIn(folder: string, files: FileCalls): string[] {
  try {
    return files.readdirSync(folder);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw new StoreError(`${showPath(folder)}: ${failureOf(error)}, it cannot be read`);
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
