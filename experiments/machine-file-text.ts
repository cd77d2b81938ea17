import { meshHops, meshLinks } from '../machines/figures.ts';
import type { Figure, LinkSpec, MachineSpec, Matrix } from '../sim/machine-spec.ts';

const ORDER: readonly (keyof MachineSpec)[] = [
  'name',
  'summary',
  'sockets',
  'nodeSocket',
  'nodeCpus',
  'threadsPerCore',
  'nodeIds',
  'cpuIds',
  'threadShare',
  'clockGHz',
  'l1Bytes',
  'l2Bytes',
  'llcBytes',
  'hitCycles',
  'memoryGiB',
  'memoryHoleGiB',
  'slit',
  'latencyNs',
  'links',
  'nextHop',
  'controllerGBps',
  'pairGBps',
  'pairWriteGBps',
  'oneThreadReadGBps',
  'oneThreadWriteGBps',
  'linesInFlight',
  'loadedLatency',
  'clusters',
];

/** A machine as a file that `readMachineFile` reads back to the same: YAML, a row of numbers in a line, every figure with its source. */
export function machineFileText(spec: MachineSpec, heading: readonly string[] = []): string {
  const lines = heading.map((line) => `# ${line.replace(/\p{Cc}/gu, ' ')}`);
  for (const key of ORDER) {
    const value = spec[key];
    if (value === undefined) continue;
    if (typeof value !== 'object' || Array.isArray(value)) {
      lines.push(`${key}: ${typeof value === 'string' ? JSON.stringify(value) : inLine(value)}`);
      continue;
    }
    const { value: own, source } = value as Figure<unknown>;
    lines.push(`${key}:`, ...valueLines(key, own, spec.nodeCpus.length), `  source: ${JSON.stringify(source)}`);
  }
  return `${lines.join('\n')}\n`;
}

function valueLines(key: string, value: unknown, nodeCount: number): string[] {
  if (key === 'links') return linkLines(value as readonly LinkSpec[], nodeCount);
  if (key === 'nextHop' && isSame(value, meshHops(nodeCount))) return ['  value: mesh'];
  if (Array.isArray(value) && Array.isArray(value[0])) return ['  value:', ...(value as Matrix).map((row) => `    - ${row.length === 1 ? inLine(row) : row.join(' ')}`)]; // prettier-ignore
  return [`  value: ${inLine(value)}`];
}

function linkLines(links: readonly LinkSpec[], nodeCount: number): string[] {
  const [first] = links;
  if (!first) return ['  value: []'];
  if (isSame(links, meshLinks(nodeCount, first.capacityGBps))) return [`  value: mesh ${first.capacityGBps}`];
  return ['  value:', ...links.map(({ between: [a, b], capacityGBps }) => `    - ${a}-${b} ${capacityGBps}`)];
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function inLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.join(', ')}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  return `{ ${Object.entries(value).map(([key, part]) => `${key}: ${String(part)}`).join(', ')} }`; // prettier-ignore
}
