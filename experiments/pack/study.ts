import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InputError, show } from '../input-error.ts';
import type { RunResult } from '../run-result.ts';
import type { RunOrder } from '../runs/run-order.ts';
import type { Manifest } from '../sweep/manifest.ts';
import { DamagedResult, readResult } from '../sweep/result-file.ts';
import { SweepFolder, withVaried } from '../sweep/sweep-folder.ts';
import type { PolicyBundle } from '../user-policy/user-policy.ts';
import type { ArchiveLimits } from './archive-reader.ts';
import { DamagedPack } from './damaged-pack.ts';
import { archiveFiles, folderFiles, type PackFiles } from './pack-files.ts';
import { hasPackTraces, namesIn, standsAt } from './pack-traces.ts';
import { packedManifest } from './packed-manifest.ts';

/** A member of a pack that is not what was packed. */
export interface Fault {
  readonly member: string;
  readonly fault: 'damaged' | 'missing' | 'not of the pack';
}

/** What was run and what came of it, from a pack or the folder of a sweep. */
export interface Study {
  readonly manifest: Manifest;
  /** How many files were held against their hashes. */
  readonly checked: number;
  /** Whether these are all files, by a list of hashes; else only the manifest and the results, which carry their own. */
  readonly hasSums: boolean;
  /** Indices of the runs that have a result. */
  readonly present: readonly number[];
  orderOf(index: number): RunOrder;
  /**
   * @param onResult is given each result and the text it is stored as
   * @throws DamagedPack
   */
  results(indices: ReadonlySet<number>, onResult: (index: number, result: RunResult) => void): Promise<void>;
}

const SUMS = 'SHA256SUMS';
const MOST_INPUT_BYTES = 256 * 1024 ** 2;

/**
 * Opens an archive, a folder it was unpacked into, or the folder of a sweep, and holds everything in it against its hash.
 * @returns the faults there are, if any
 * @throws InputError for what is none of these; DamagedPack for an archive that is damaged as a whole
 */
export async function openStudy(path: string, limits?: ArchiveLimits): Promise<Study | readonly Fault[]> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile()) return openPack(archiveFiles(path, limits), (hashed) => [...hashed]);
  if (!found?.isDirectory()) throw new InputError(`${show(path)}: want an archive of numalab pack, or a folder`);
  if (standsAt(join(path, SUMS))) return openPack(folderFiles(path), () => namesIn(path));
  const study = openSweep(path);
  return (await hasPackTraces(path)) ? [{ member: SUMS, fault: 'missing' }] : study;
}

/** @param namesOf all that is there, given what was hashed */
async function openPack(files: PackFiles, namesOf: (hashed: Iterable<string>) => readonly string[]): Promise<Study | readonly Fault[]> {
  let wanted: ReadonlyMap<string, string> | null = null;
  await files.read(new Set([SUMS]), (_, content) => (wanted = sumsOf(content.toString('utf8'))));
  if (wanted === null) throw new DamagedPack(`${SUMS} is missing`);
  const sums = wanted as ReadonlyMap<string, string>;
  const hashes = await files.hashes([...sums.keys()]);
  const faults: Fault[] = [];
  for (const [member, sha256] of sums) {
    const hash = hashes.get(member);
    if (hash !== sha256) faults.push({ member, fault: hash === undefined ? 'missing' : 'damaged' });
  }
  for (const member of namesOf(hashes.keys())) if (member !== SUMS && !sums.has(member)) faults.push({ member, fault: 'not of the pack' });
  if (!sums.has('manifest.json')) faults.push({ member: 'manifest.json', fault: 'missing' });
  return faults.length > 0 ? faults : studyOf(files, sums);
}

/** Lines as sha256sum writes them. */
function sumsOf(text: string): Map<string, string> {
  const sums = new Map<string, string>();
  for (const line of text.split('\n').slice(0, -1)) {
    const [, sha256, name] = /^([0-9a-f]{64}) {2}((?:[\w@+=-][\w.@+=-]*\/)*[\w@+=-][\w.@+=-]*)$/.exec(line) ?? [];
    if (name === undefined || sums.has(name)) throw new DamagedPack(`${SUMS} is damaged: ${show(line)}`);
    sums.set(name, sha256!);
  }
  if (!text.endsWith('\n')) throw new DamagedPack(`${SUMS} is damaged: its last line has no end`);
  return sums;
}

async function studyOf(files: PackFiles, sums: ReadonlyMap<string, string>): Promise<Study> {
  let text = '';
  await files.read(new Set(['manifest.json']), (_, content) => (text = content.toString('utf8')));
  const manifest = packedManifest(text);
  const inputNames = new Set([...manifest.policies, ...manifest.files].map(({ sha256 }) => `inputs/${sha256}`));
  const inputs = new Map<string, string>();
  let inputBytes = 0;
  await files.read(inputNames, (name, content) => {
    inputBytes += content.length;
    if (inputBytes > MOST_INPUT_BYTES) throw new InputError(`inputs: more than ${MOST_INPUT_BYTES} bytes, want a study of numalab pack`);
    inputs.set(name, content.toString('utf8'));
  });
  const input = (sha256: string): string => {
    const content = inputs.get(`inputs/${sha256}`);
    if (content === undefined || sha256Of(content) !== sha256) throw new DamagedPack(`inputs/${sha256} is not what the manifest names`);
    return content;
  };
  const policies = manifest.policies.map(({ sha256 }) => bundleOf(input(sha256)));
  const texts = Object.fromEntries(manifest.files.map(({ name, sha256 }) => [name, input(sha256)]));
  const nameOf = (index: number): string => `runs/${manifest.runs[index]!.id}.json`;
  return {
    manifest,
    checked: sums.size,
    hasSums: true,
    present: manifest.runs.map((_, index) => index).filter((index) => sums.has(nameOf(index))),
    orderOf: (index) => ({
      words: withVaried(manifest.words, manifest.runs[index]!.words),
      policies,
      files: texts,
      timelinePoints: 0,
    }),
    async results(indices, onResult) {
      const indexOf = new Map([...indices].map((index) => [nameOf(index), index]));
      await files.read(new Set(indexOf.keys()), (name, content) => {
        const index = indexOf.get(name)!;
        onResult(index, resultOf(manifest, index, content.toString('utf8')));
      });
    },
  };
}

/** Its code is run behind the wall only; the rest of it is text that is shown. */
function bundleOf(text: string): PolicyBundle {
  try {
    const bundle = JSON.parse(text) as PolicyBundle;
    const isSound = [bundle.file, bundle.path, bundle.code, bundle.sourceMap].every((part) => typeof part === 'string');
    if (isSound && sha256Of(bundle.code) === bundle.sha256) return bundle;
  } catch {
    // as any other text that is no bundle
  }
  throw new DamagedPack('inputs: what the manifest calls a policy is none');
}

function openSweep(path: string): Study | readonly Fault[] {
  const folder = SweepFolder.open(path);
  const { manifest } = folder;
  const states = manifest.runs.map((_, index) => folder.stateOf(index));
  const damaged = states.flatMap((state, index): Fault[] =>
    state === 'damaged' ? [{ member: `runs/${manifest.runs[index]!.id}.json`, fault: 'damaged' }] : [],
  );
  if (damaged.length > 0) return damaged;
  const present = states.flatMap((state, index) => (state === 'done' ? [index] : []));
  return {
    manifest,
    checked: present.length,
    hasSums: false,
    present,
    orderOf: (index) => folder.orderOf(index),
    results(indices, onResult) {
      for (const index of indices) onResult(index, resultOf(manifest, index, readFileSync(folder.resultFile(index), 'utf8')));
      return Promise.resolve();
    },
  };
}

function resultOf({ runs }: Manifest, index: number, text: string): RunResult {
  const { id } = runs[index]!;
  try {
    const result = readResult(id, text);
    if (!isResult(result)) throw new DamagedPack(`result ${id}: is none of numalab's`);
    return result;
  } catch (error) {
    if (error instanceof DamagedResult || error instanceof SyntaxError) throw new DamagedPack(show(error.message));
    throw error;
  }
}

/** Its hash says that nothing has changed since, not that numalab wrote it. */
function isResult(result: RunResult): boolean {
  const isRecord = (value: unknown): boolean => typeof value === 'object' && value !== null;
  if (!isRecord(result) || typeof result.status !== 'string' || !isRecord(result.total)) return false;
  const { throughput, accessesByHop, migrations, causes } = result.total;
  return [throughput, accessesByHop, migrations, causes].every(isRecord) && typeof throughput.unit === 'string';
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
