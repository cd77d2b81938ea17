import type { CpuChoice } from '../guest-description.ts';
import { shown } from '../format-error.ts';
import { HOST_CPUS, HOST_NODES, type IdKind, writeIdList } from '../id-sets.ts';

const WANTED = 'want CPUs such as 0-3,5,^1, or all,^7, or nodes:0-3,^node:2';

/**
 * Reads what `cpus` and `cpus_soft` of xl say, part by part as they stand: `all`, CPUs and ranges of them, `nodes:` of whole nodes, each
 * taken out again with ^. A choice of CPUs and nodes together is refused, as which CPUs those are only the host can tell.
 * After: Xen, tools/xl/xl_parse.c, parse_cpurange and update_cpumap_range; docs/man/xl.cfg.5.pod.in.
 * @returns null for all CPUs
 * @param fail throws what is said of the text, at its place
 */
export function readXlCpus(text: string, fail: (said: string) => never): CpuChoice | null {
  const parts = text.split(',').filter((part) => part !== ''); // as strtok_r passes over them
  let isAll = false;
  let kind: IdKind | null = null;
  let isIn = new Uint8Array(0); // where all are chosen, those that are not
  for (const part of parts) {
    if (/^(?:nodes?:)?all$/.test(part)) {
      isAll = true;
      kind = null;
      continue;
    }
    const [, out, nodes, first, last] = /^(\^?)(nodes?:)?\s*(\d{1,9})(?:-\s*(\d{1,9}))?$/.exec(part) ?? [];
    const from = Number(first);
    const to = Number(last ?? first);
    if (first === undefined || to < from) fail(`${shown(text)}, ${WANTED}`);
    const wanted = nodes === undefined ? HOST_CPUS : HOST_NODES;
    if (to > wanted.last) fail(`${shown(text)}, want ${wanted.what}s from 0 to ${wanted.last}`);
    if (kind !== null && kind !== wanted) fail(`${shown(text)}, want CPUs or nodes, not both in one text`);
    if (kind === null) isIn = new Uint8Array(wanted.last + 1);
    kind = wanted;
    isIn.fill((out === '^') === isAll ? 1 : 0, from, to + 1);
  }
  if (parts.length === 0) fail(`${shown(text)}, ${WANTED}`);
  const ids = [...isIn.keys()].filter((id) => isIn[id] === 1);
  if (!isAll) return ids.length === 0 ? fail(`${shown(text)}, want at least one CPU`) : choiceOf(kind!, ids);
  return kind === null || ids.length === 0 ? null : { allBut: choiceOf(kind, ids) };
}

function choiceOf(kind: IdKind, ids: readonly number[]): CpuChoice {
  return kind === HOST_NODES ? { nodes: ids } : { cpus: ids };
}

/** The same as xl reads it. */
export function writeXlCpus(choice: CpuChoice | null): string {
  if (choice === null) return 'all';
  if ('cpus' in choice) return writeIdList(choice.cpus);
  if ('nodes' in choice) return `nodes:${writeIdList(choice.nodes).replaceAll(',', ',nodes:')}`;
  const out = writeXlCpus(choice.allBut);
  if ('allBut' in choice.allBut) throw new RangeError('pins = all but all but some, want these themselves');
  return `all,^${out.replaceAll(',', ',^')}`;
}
