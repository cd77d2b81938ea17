import { FormatError, shown, SourceText } from '../format-error.ts';
import { formatIdList, MOST_ID, parseIdList } from '../id-list.ts';
import type { Topology, TopologyNode } from '../topology.ts';

const MOST_NODES = 1024;
const MOST_CPUS = 4096;
const MOST_BYTES = 8 * 1024 ** 2;
const BYTES_PER_MB = 1024 ** 2;
/** 16 PiB: more than a sum of exact bytes over all nodes could hold goes nowhere near it. */
const MOST_MB = 2 ** 34;
/** What versions print for memory that the kernel does not tell of. */
const NOT_AVAILABLE = ['<not available>', 'N/A', 'not available'];

interface Said {
  cpus: number[] | null;
  memoryBytes: number | null;
  hasSize: boolean;
}

/**
 * Reads what `numactl --hardware` prints: nodes, their CPUs and memory, and the firmware's distances. Form: numactl.c of numactl 2.0.16,
 * `hardware` and `print_distances`. Versions that count ids from 0 to the highest list nodes that are not there: they come with neither
 * CPUs nor memory. What is free, what stands before the first line and what follows the distances are passed over, and so are the blanks or
 * marks of quoting that the first line and those below it begin with; packages, cores and caches are not said.
 * @throws FormatError for a line that numactl does not print, a node without its lines, a CPU of two nodes, and distances that are not
 * one row and column a node; for more than 1024 nodes or 4096 CPUs
 */
export function readNumactl(text: string): Topology {
  return new NumactlReader(new SourceText(text, MOST_BYTES)).read();
}

/**
 * What numactl 2.0.16 would print on such a machine. It has no other word for free memory than its amount, which no topology has: all of
 * it is said to be free. Memory in whole MB, rounded down; what is not known as numactl says it.
 */
export function writeNumactl(topology: Topology): string {
  const { nodes, distances } = topology;
  const ids = nodes.map(({ id }) => id);
  const lines = [`available: ${nodes.length} nodes (${formatIdList(ids)})`];
  for (const { id, cpus, memoryBytes } of nodes) {
    const size = memoryBytes === null ? NOT_AVAILABLE[0] : `${Math.floor(memoryBytes / BYTES_PER_MB)} MB`;
    lines.push(`node ${id} cpus:${cpus.map((cpu) => ` ${cpu}`).join('')}`, `node ${id} size: ${size}`, `node ${id} free: ${size}`);
  }
  if (distances === null) lines.push('No distance information available.');
  else {
    lines.push('node distances:', `node ${ids.map((id) => `${wide(id)} `).join('')}`);
    distances.forEach((row, at) => lines.push(`${wide(ids[at]!)}: ${row.map((distance) => `${wide(distance)} `).join('')}`));
  }
  return `${lines.join('\n')}\n`;
}

/** As C's `% 3d`: at least three wide, and always with a space in the place of a sign. */
function wide(value: number): string {
  return ` ${value}`.padStart(3);
}

/** Without what a mail, a document or a comment puts before each line, as its first line tells. */
function unquoted(lines: readonly string[]): readonly string[] {
  const prefix = lines.map((line) => /^([ >#|*]{1,40})available: /.exec(line)?.[1]).find((one) => one !== undefined);
  if (prefix === undefined) return lines;
  return lines.map((line) => (line.startsWith(prefix) ? line.slice(prefix.length) : line === prefix.trimEnd() ? '' : line));
}

function wordsOf(text: string): string[] {
  return text.trim().split(/ +/);
}

class NumactlReader {
  readonly #lines: readonly string[];
  readonly #said = new Map<number, Said>();
  readonly #nodeOfCpu = new Map<number, number>();
  #listed: readonly number[] | null = null;
  #distances: Map<number, readonly number[]> | null = null;
  #columns: readonly number[] = [];
  #isWhole = false;
  #at = 0;

  constructor({ text }: SourceText) {
    this.#lines = unquoted(text.split('\n').map((line) => line.replace(/[\t\u00a0]/g, ' ').trimEnd()));
  }

  read(): Topology {
    for (; this.#at < this.#lines.length; this.#at++) this.#line(this.#lines[this.#at]!);
    const listed = this.#listed ?? this.#refuse('available', 'nothing', 'the line "available: N nodes (...)" of numactl -H');
    const nodes = listed.map((id) => this.#node(id));
    for (const id of this.#said.keys()) if (!listed.includes(id)) this.#refuse('node', id, `one of ${formatIdList(listed)}`);
    if (this.#nodeOfCpu.size === 0) this.#refuse('node cpus', 'none', 'at least one CPU');
    return {
      name: null,
      nodes,
      distances: this.#distances && this.#matrix(this.#distances, listed),
      latencyNs: null,
      bandwidthGBps: null,
      clockGHz: null,
      remarks: [],
    };
  }

  #line(line: string): void {
    if (line === '') return;
    if (line === 'No distance information available.') {
      this.#isWhole = true;
      return;
    }
    const isNone = /^No NUMA (?:support )?available on this system/i.test(line);
    if (isNone) return this.#refuse('line', line, 'what numactl says on a machine with NUMA');
    const [, count, list] = /^available: +(\d{1,5}) nodes? +\(([^)]{0,20000})\)$/.exec(line) ?? [];
    if (count !== undefined) return this.#available(Number(count), list!);
    if (this.#listed === null) return; // a prompt, or what another command said
    if (line === 'node distances:') return this.#readDistances();
    const [, id, what, rest] = /^node +(\d{1,5}) +(cpus|size|free):(.*)$/.exec(line) ?? [];
    if (id === undefined) {
      if (this.#isWhole) return; // the next prompt, the end of a quotation
      this.#refuse('line', line, 'what numactl -H prints');
    }
    this.#nodeLine(Number(id), what!, what === 'cpus' ? this.#continued(rest!).trim() : rest!.trim());
  }

  #available(count: number, list: string): void {
    if (this.#listed) this.#refuse('available', list, 'it once');
    const ids = parseIdList(list, MOST_NODES) ?? this.#refuse('available', list, `at most ${MOST_NODES} nodes such as 0-2,33`);
    if (ids.length === 0 || ids.length !== count)
      this.#refuse('available', count, ids.length === 0 ? 'at least one node' : `the ${ids.length} listed`);
    this.#listed = ids;
  }

  #nodeLine(id: number, what: string, rest: string): void {
    if (id > MOST_ID) this.#refuse('node', id, `at most ${MOST_ID}`);
    const said = this.#said.get(id) ?? { cpus: null, memoryBytes: null, hasSize: false };
    this.#said.set(id, said);
    if (this.#said.size > MOST_NODES) this.#refuse('node', id, `at most ${MOST_NODES} nodes`);
    if (what === 'cpus') {
      if (said.cpus) this.#refuse(`node ${id} cpus`, rest, 'them once');
      said.cpus = this.#cpus(id, rest);
      return;
    }
    const bytes = this.#bytes(`node ${id} ${what}`, rest);
    if (what === 'free') return; // of the moment, not of the machine
    if (said.hasSize) this.#refuse(`node ${id} size`, rest, 'it once');
    said.memoryBytes = bytes;
    said.hasSize = true;
  }

  /** `0 1 2`; a range such as 0-63 is what `numalab machine show` writes where the line would be long. */
  #cpus(node: number, rest: string): number[] {
    const want = `CPUs such as 0 1 2, at most ${MOST_CPUS}`;
    const cpus = parseIdList(rest.replace(/ +/g, ','), MOST_CPUS) ?? this.#refuse(`node ${node} cpus`, rest, want);
    for (const cpu of cpus) {
      const other = this.#nodeOfCpu.get(cpu);
      if (other !== undefined)
        this.#refuse(
          `node ${node} cpus`,
          cpu,
          `CPUs of one node only, ${cpu} is of node ${other} (nodes of numa=fake share CPUs: boot without it)`,
        );
      this.#nodeOfCpu.set(cpu, node);
    }
    if (this.#nodeOfCpu.size > MOST_CPUS) this.#refuse(`node ${node} cpus`, rest, want);
    return cpus;
  }

  #bytes(path: string, rest: string): number | null {
    if (NOT_AVAILABLE.includes(rest)) return null;
    const [, MB] = /^(\d{1,11}) MB$/.exec(rest) ?? [];
    if (MB === undefined || Number(MB) > MOST_MB) this.#refuse(path, rest, 'a size such as 8192 MB');
    return Number(MB) * BYTES_PER_MB;
  }

  /** From its heading on: a line of ids, then a row for each. */
  #readDistances(): void {
    if (this.#distances) this.#refuse('node distances', 'again', 'them once');
    const rows = new Map<number, readonly number[]>();
    this.#distances = rows;
    const heading = this.#lines[++this.#at] ?? '';
    if (!/^node( +\d{1,5})+$/.test(heading)) this.#refuse('node distances', heading, 'a line of node ids');
    this.#columns = this.#numbers(this.#continued(heading.slice('node'.length)));
    if (this.#columns.length > MOST_NODES || new Set(this.#columns).size < this.#columns.length)
      this.#refuse('node distances', heading, `at most ${MOST_NODES} ids, each once`);
    while (/^ *\d{1,5}:/.test(this.#lines[this.#at + 1] ?? '')) {
      const row = this.#lines[++this.#at]!;
      const colon = row.indexOf(':');
      const id = Number(row.slice(0, colon));
      const cells = this.#numbers(this.#continued(row.slice(colon + 1), this.#columns.length));
      if (rows.has(id)) this.#refuse('node distances', id, 'each row once');
      if (cells.length !== this.#columns.length) this.#refuse(`distances of node ${id}`, cells.length, `${this.#columns.length} numbers`);
      rows.set(id, cells);
    }
    this.#isWhole = true;
  }

  /** With the lines of nothing but numbers that follow, where a mail has broken a long one, as long as there are fewer than `most`. */
  #continued(start: string, most: number = Infinity): string {
    const parts = [start];
    let count = wordsOf(start).length;
    while (count < most && /^ *\d{1,5}( +\d{1,5})*$/.test(this.#lines[this.#at + 1] ?? '')) {
      const part = this.#lines[++this.#at]!;
      parts.push(part);
      count += wordsOf(part).length;
    }
    return parts.join(' ');
  }

  #numbers(text: string): number[] {
    const words = wordsOf(text);
    if (words.length > MOST_NODES) this.#refuse('node distances', words.length, `at most ${MOST_NODES} numbers`);
    return words.map((word) => (/^\d{1,5}$/.test(word) ? Number(word) : this.#refuse('node distances', word, 'whole numbers')));
  }

  #matrix(rows: ReadonlyMap<number, readonly number[]>, ids: readonly number[]): number[][] {
    const columnOf = new Map(this.#columns.map((id, at) => [id, at]));
    const isWhole = rows.size === ids.length && columnOf.size === ids.length && ids.every((id) => rows.has(id) && columnOf.has(id));
    if (!isWhole)
      this.#refuse(
        'node distances',
        `${rows.size} rows, ${columnOf.size} columns`,
        `a row and a column for each of nodes ${formatIdList(ids)}`,
      );
    return ids.map((row) => ids.map((column) => rows.get(row)![columnOf.get(column)!]!));
  }

  #node(id: number): TopologyNode {
    const said = this.#said.get(id);
    if (!said?.cpus) return this.#refuse(`node ${id} cpus`, 'nothing', `a line "node ${id} cpus: ..."`);
    const { cpus, memoryBytes } = said;
    return { id, package: null, cpus, cores: null, memoryBytes, l1Bytes: null, l2Bytes: null, llcBytes: null, llcCount: null };
  }

  #refuse(path: string, value: unknown, want: string): never {
    throw new FormatError(Math.min(this.#at + 1, this.#lines.length), 1, `${path} = ${shown(value)}, want ${want}`);
  }
}
