import { shown } from '../format-error.ts';
import type { GuestCell, GuestDescription } from '../guest-description.ts';
import { HOST_NODES, VCPUS } from '../id-sets.ts';
import type { XlConfig } from './values.ts';

const KEYS = ['pnode', 'size', 'vcpus', 'vdistances'] as const;
type Key = (typeof KEYS)[number];

const MOST_CELLS = 254;
const MOST_MIB = 2 ** 32;
const MIB = 1024 ** 2;
const LEAST_DISTANCE = 1;
const MOST_DISTANCE = 255;

/**
 * `vnuma = [["pnode=0","size=512","vcpus=0-4","vdistances=10,20"],...]`, each virtual node with its memory on one node of the host and
 * nowhere else, there from the start. All four are wanted, as the manual says; xl itself takes 0 for what is missing.
 * After: Xen, tools/xl/xl_parse.c, parse_vnuma_config.
 * @param guest most: vCPUs there can be, null if not said; vcpus: those that are there, and kept
 */
export function vnumaOf(
  config: XlConfig,
  guest: { readonly most: number | null; readonly vcpus: number | null; readonly isHvm: boolean },
): Pick<GuestDescription, 'cells' | 'distances'> {
  const value = config.value('vnuma');
  if (value === null || (value.kind === 'list' && value.items.length === 0)) return { cells: [], distances: null };
  if (value.kind !== 'list') config.fail('vnuma', '= a text, want a list of virtual nodes, each a list');
  if (!guest.isHvm) config.fail('vnuma', 'of a guest that is not hvm, want type = "hvm"');
  if (value.items.length > MOST_CELLS) config.fail('vnuma', `of ${value.items.length} virtual nodes, want at most ${MOST_CELLS}`);
  const specs = value.items.map((item, i) => {
    if (item.kind !== 'list') return config.fail('vnuma', `[${i}] = a text, want a list`);
    return specOf(item.items.map((part) => (part.kind === 'list' ? config.fail('vnuma', `[${i}] = a list in it, want texts`) : part.text)), (said) => config.fail('vnuma', `[${i}]${said}`)); // prettier-ignore
  });
  const distances = specs.map(({ vdistances }, i) =>
    distanceRow(vdistances, specs.length, (said) => config.fail('vnuma', `[${i}]${said}`)),
  );
  checkVcpus(config, specs, guest.most);
  const isThere = (vcpu: number): boolean => guest.vcpus === null || vcpu < guest.vcpus;
  const cells = specs.map(({ vcpus, bytes, pnode }): GuestCell => ({
    vcpus: vcpus.filter(isThere),
    memoryBytes: bytes,
    memory: { mode: 'strict', nodes: [pnode] },
    isPreallocated: true,
  }));
  return { cells, distances };
}

interface Spec {
  readonly pnode: number;
  readonly bytes: number;
  readonly vcpus: readonly number[];
  readonly vdistances: string;
}

type Fail = (said: string) => never;

function specOf(texts: readonly string[], fail: Fail): Spec {
  const said = new Map<string, string>();
  for (const text of texts) {
    const [, key = '', value = ''] = /^([a-z]*)\s*=([^=]*)$/.exec(text.trimStart()) ?? [];
    if (!KEYS.some((known) => known === key)) fail(` = ${shown(text)}, want ${KEYS.join(', ')}, each KEY=VALUE`);
    if (said.has(key)) fail(`.${key} twice, want it once`);
    said.set(key, value.trim());
  }
  const of = (key: Key): string => said.get(key) ?? fail(` without ${key}, want ${KEYS.join(', ')}`);
  return {
    pnode: decimal(of('pnode'), 0, HOST_NODES.last, (wrong) => fail(`.pnode = ${wrong}`)),
    bytes: decimal(of('size'), 1, MOST_MIB, (wrong) => fail(`.size = ${wrong}`)) * MIB,
    vcpus: vcpuList(of('vcpus'), (wrong) => fail(`.vcpus = ${wrong}`)),
    vdistances: of('vdistances'),
  };
}

/** xl reads these to base 10, unlike other numbers. */
function decimal(text: string, least: number, most: number, fail: Fail): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
  return number >= least && number <= most ? number : fail(`${shown(text)}, want a whole number from ${least} to ${most}`);
}

/** Never empty: xl takes no key without a value. */
function vcpuList(text: string, fail: Fail): number[] {
  const isIn = new Uint8Array(VCPUS.last + 1);
  for (const part of text.split(',').filter((each) => each !== '')) {
    const [, first, last] = /^\s*(\d{1,9})(?:-(\d{1,9}))?\s*$/.exec(part) ?? [];
    const from = Number(first);
    const to = Number(last ?? first);
    if (first === undefined || to < from || to > VCPUS.last) fail(`${shown(text)}, want vCPUs from 0 to ${VCPUS.last} such as 0-3,5`);
    if (isIn.subarray(from, to + 1).includes(1)) fail(`${shown(text)}, want each vCPU once`);
    isIn.fill(1, from, to + 1);
  }
  const vcpus = [...isIn.keys()].filter((vcpu) => isIn[vcpu] === 1);
  return vcpus.length > 0 ? vcpus : fail(`${shown(text)}, want at least one vCPU`);
}

function distanceRow(text: string, length: number, fail: Fail): number[] {
  const parts = text.split(',');
  if (parts.length !== length) fail(`.vdistances = ${shown(text)}, want ${length} of them`);
  return parts.map((part) => decimal(part.trim(), LEAST_DISTANCE, MOST_DISTANCE, (wrong) => fail(`.vdistances: ${wrong}`)));
}

/** xl counts them, and leaves it at that; each must be there once, or its node would be a guess. */
function checkVcpus(config: XlConfig, specs: readonly Spec[], most: number | null): void {
  const listed = specs.flatMap(({ vcpus }) => vcpus).sort((a, b) => a - b);
  const want = most ?? listed.length;
  const isWhole = listed.length === want && listed.every((vcpu, i) => vcpu === i);
  if (!isWhole || want === 0) config.fail('vnuma', `with vCPUs ${shown(listed.join(','))}, want each of ${most ?? 'them from 0 on'} once`);
}
