import { SourceText } from '../format-error.ts';
import { type CpuChoice, type GuestDescription, MOST_GUESTS } from '../guest-description.ts';
import { wholeWeight } from '../guest-share.ts';
import { readXlCpus } from './cpus.ts';
import { IGNORED_KEYS, unknownKeys, UNSIMULATED_KEYS } from './keys.ts';
import { readXlSettings, readXlSettingsOfMany, type XlValue } from './syntax.ts';
import { XlConfig } from './values.ts';
import { vnumaOf } from './vnuma.ts';

const MOST_VCPUS = 4096;
const MOST_MIB = 2 ** 32; // 4 PiB
const MIB = 1024 ** 2;
const USUAL_WEIGHT = 256;

/** Characters looked at to guess a format. */
const GLANCE = 65_536;

/** A setting that guests have, at the start of a line; not in a script, which sets its variables in the same way. */
export function looksLikeXlConfig(text: string): boolean {
  if (text.startsWith('#!')) return false;
  return /(?:^|[\n;])[ \t]*(?:name|vcpus|memory|type|builder|kernel|vnuma)[ \t]*\+?=/.test(text.slice(0, GLANCE));
}

/**
 * Reads a guest's configuration for xl. Xen gives a guest its memory when it is built: by `vnuma`, or on the nodes of the CPUs it is held
 * to and would rather use, which only whoever knows the host can tell, so that `memory` stays null. A guest with none of `cpus`,
 * `cpus_soft` and `vnuma` is placed by libxl, as the policies named for it do.
 * After: Xen, docs/man/xl.cfg.5.pod.in and tools/xl/xl_parse.c, parse_config_data, parse_vcpu_affinity.
 * @throws FormatError with line and column for what xl refuses, and where it would pass over something
 */
export function readXlConfig(text: string): GuestDescription {
  const source = new SourceText(text);
  return guestOf(source, readXlSettings(source));
}

/**
 * As readXlConfig, of one guest, or of several as `placement export` writes them: a comment `# guest NAME` stands before the name of each.
 * @throws FormatError as readXlConfig; and for more than 4096 guests
 */
export function readXlConfigs(text: string): GuestDescription[] {
  const source = new SourceText(text);
  return readXlSettingsOfMany(source, MOST_GUESTS).map((settings) => guestOf(source, settings));
}

function guestOf(source: SourceText, settings: Map<string, XlValue>): GuestDescription {
  const config = new XlConfig(source, settings);
  const unsimulated: string[] = unknownKeys(config);
  const ignored: string[] = [];
  const type = typeOf(config);
  if (type === 'pvh') ignored.push('type = pvh: taken as hvm, which differs in its devices');
  const { vcpus, most } = vcpusOf(config);
  const { cells, distances } = vnumaOf(config, { most, vcpus, isHvm: type === 'hvm' });
  const present = vcpus ?? cells.reduce((sum, cell) => sum + cell.vcpus.length, 0);
  if (most !== null && most > present) ignored.push(`maxvcpus = ${most}: ${most - present} vCPUs are not there at the start, and left out`);
  const pool = config.text('pool');
  if (pool !== null && pool !== 'Pool-0') unsimulated.push(`${config.place('pool')}pool = ${pool}: its CPUs and scheduler are not known`);
  for (const key of config.keys()) {
    if (IGNORED_KEYS.has(key)) ignored.push(`${config.place(key)}${key}`);
    if (UNSIMULATED_KEYS.has(key)) unsimulated.push(`${config.place(key)}${key}`);
  }
  const weight = config.integer('cpu_weight', 1, 65_535);
  const cap = config.integer('cap', 0, 100 * MOST_VCPUS);
  return {
    name: config.text('name'),
    kind: type === 'pv' ? 'xen-pv' : 'xen-hvm',
    vcpus: present,
    memoryBytes: memoryOf(config, cells, { unsimulated, ignored }),
    pins: pinsOf(config, 'cpus', present, ignored),
    softPins: pinsOf(config, 'cpus_soft', present, ignored),
    cells,
    distances,
    topology: null,
    memory: null,
    isPreallocated: cells.length === 0,
    weight:
      weight === null ? null : wholeWeight((weight * 100) / USUAL_WEIGHT, `${config.place('cpu_weight')}cpu_weight = ${weight}`, ignored),
    capPercent: cap === 0 ? null : cap,
    unsimulated,
    ignored,
  };
}

/** PV unless said otherwise; `builder` is the older word. */
function typeOf(config: XlConfig): 'pv' | 'pvh' | 'hvm' {
  const type = config.word('type', ['pv', 'pvh', 'hvm']);
  const builder = config.word('builder', ['generic', 'linux', 'hvm']);
  const older = builder === null ? null : builder === 'hvm' ? 'hvm' : 'pv';
  if (type !== null && older !== null && type !== older) config.fail('builder', `= ${builder} beside type = ${type}, want type alone`);
  return type ?? older ?? 'pv';
}

/** How many there are at the start, and can be; null where vnuma alone says. */
function vcpusOf(config: XlConfig): { vcpus: number | null; most: number | null } {
  const vcpus = config.integer('vcpus', 1, MOST_VCPUS);
  const most = config.integer('maxvcpus', 1, MOST_VCPUS);
  if (most !== null && vcpus !== null && vcpus > most) config.fail('maxvcpus', `= ${most}, want at least the ${vcpus} of vcpus`);
  if (vcpus === null && most === null) return config.has('vnuma') ? { vcpus: null, most: null } : { vcpus: 1, most: 1 };
  return { vcpus: vcpus ?? most, most: most ?? vcpus };
}

/** With vnuma all there can be; without, what the guest starts with. */
function memoryOf(
  config: XlConfig,
  cells: GuestDescription['cells'],
  { unsimulated, ignored }: { readonly unsimulated: string[]; readonly ignored: string[] },
): number {
  const start = mib(config, 'memory');
  const limit = mib(config, 'maxmem');
  const inCells = cells.reduce((sum, cell) => sum + cell.memoryBytes, 0);
  if (cells.length > 0 && limit !== null && limit !== inCells) {
    config.fail('vnuma', `of ${inCells / MIB} MB, want the ${limit / MIB} MB of maxmem`);
  }
  const most = cells.length > 0 ? inCells : (limit ?? start ?? config.missing('memory', 'an amount in MB'));
  const first = start ?? most;
  if (first > most)
    config.fail('memory', `= ${first / MIB}, want at most the ${most / MIB} MB ${cells.length > 0 ? 'of vnuma' : 'of maxmem'}`);
  if (first === most) return most;
  const said = `${config.place('memory')}memory = ${first / MIB}`;
  if (cells.length > 0) {
    unsimulated.push(`${said}: the balloon takes the rest of ${most / MIB} MB from virtual nodes nobody can tell`);
    return most;
  }
  ignored.push(`${said}: taken as its memory; the balloon may give it up to ${most / MIB} MB later`);
  return first;
}

function mib(config: XlConfig, key: string): number | null {
  const amount = config.integer(key, 1, MOST_MIB);
  return amount === null ? null : amount * MIB;
}

/** One text holds for all vCPUs, a list for each by itself; those beyond its end are free. */
function pinsOf(config: XlConfig, key: string, vcpus: number, ignored: string[]): (CpuChoice | null)[] {
  const texts = config.texts(key);
  if (texts === null) return new Array<null>(vcpus).fill(null);
  if (typeof texts === 'string') {
    const choice = readXlCpus(texts, (said) => config.fail(key, `= ${said}`));
    return new Array<CpuChoice | null>(vcpus).fill(choice);
  }
  if (texts.length > vcpus) ignored.push(`${config.place(key)}${key}: ${texts.length - vcpus} entries beyond the ${vcpus} vCPUs`);
  return Array.from({ length: vcpus }, (_, vcpu) => {
    const text = texts[vcpu];
    return text === undefined ? null : readXlCpus(text, (said) => config.fail(key, `[${vcpu}] = ${said}`));
  });
}
