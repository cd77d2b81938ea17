import { formatIdList } from '../formats/id-list.ts';
import type { ImportedMachine } from '../experiments/machine-import/import-machine.ts';
import type { Description } from '../experiments/machine-import/read-description.ts';
import { counted } from '../report/format.ts';
import { figureText } from '../report/machine.ts';
import { figuresOf, isAssumed, type MachineSpec } from '../sim/machine-spec.ts';

/** Figures of which a machine of one node has none. */
const BETWEEN_NODES: ReadonlySet<string> = new Set(['links', 'nextHop']);

/** What was understood of a description: shown before the machine is written. */
export function importText(
  { format, from }: Description,
  { spec, remarks, assumedLayout, twin }: ImportedMachine,
  like: string | null,
): string {
  const isOne = spec.nodeCpus.length === 1;
  const told = (assumed: boolean): string[] => {
    const figures = figuresOf(spec).filter(({ name, figure }) => isAssumed(figure) === assumed && !(isOne && BETWEEN_NODES.has(name)));
    return figures.map(
      ({ name, figure: { value, source } }) => `  ${assumed ? figureText(name, value) : name}: ${source.replace(/^assumed:? ?/, '')}`,
    );
  };
  const said = told(false);
  const GiB = spec.memoryGiB.value.reduce((sum, own) => sum + own, 0);
  const cpus = spec.nodeCpus.reduce((sum, count) => sum + count, 0);
  return [
    `${from.replace(` (${format})`, '')}, read as ${format}: ${counted(spec.sockets, 'socket')}, ${counted(spec.nodeCpus.length, 'node')}, ${counted(cpus, 'CPU')}${threadText(spec)}, ${size(GiB)}`,
    ...nodeLines(spec),
    'distances:',
    ...distanceLines(spec),
    'said:',
    ...said,
    'assumed:',
    ...assumedLayout.map(({ figure, why }) => `  ${figure}: ${why}`),
    ...told(true),
    ...(remarks.length > 0 ? ['remarks:', ...remarks.map((remark) => `  ${remark}`)] : []),
    ...twinLines(twin, like),
    '',
  ].join('\n');
}

function twinLines(twin: ImportedMachine['twin'], like: string | null): string[] {
  if (!twin) return [];
  const but = twin.differences.length === 0 ? '' : ` but for: ${twin.differences.join('; ')}`;
  const advice = like === null ? `; --like ${twin.name} takes its measured figures` : '';
  return [`this is ${twin.name}${but}${advice}`];
}

function threadText({ threadsPerCore = 1 }: MachineSpec): string {
  return threadsPerCore === 1 ? '' : ` (${threadsPerCore} threads a core)`;
}

function nodeLines({ nodeCpus, nodeSocket, nodeIds, cpuIds, memoryGiB }: MachineSpec): string[] {
  let first = 0;
  return nodeCpus.map((count, node) => {
    const ids = Array.from({ length: count }, (_, i) => cpuIds?.[first + i] ?? first + i).sort((a, b) => a - b);
    first += count;
    const name = nodeIds && nodeIds[node] !== node ? `${nodeIds[node]} (${node} here)` : String(node);
    return `  node ${name}: socket ${nodeSocket[node]}, ${count === 0 ? 'no CPUs' : `CPUs ${formatIdList(ids)}`}, ${memoryGiB.value[node] === 0 ? 'no memory' : size(memoryGiB.value[node]!)}`;
  });
}

function distanceLines({ slit, nodeIds }: MachineSpec): string[] {
  const name = (node: number): string => String(nodeIds?.[node] ?? node).padStart(5);
  const rows = slit.value.map((row, node) => `${name(node)}:${row.map((distance) => String(distance).padStart(5)).join('')}`);
  return [`      ${slit.value.map((_, node) => name(node)).join('')}`, ...rows];
}

function size(GiB: number): string {
  return `${Number(GiB.toFixed(3))} GiB`;
}
