import type { MemoryBinding } from '../../formats/guest-description.ts';
import { writeIdList } from '../../formats/id-sets.ts';
import type { Fallback } from '../../sim/memory-policy.ts';
import type { Places } from '../../sim/recording.ts';

/** Something that tools have no word for, but for those that have. */
export interface Note {
  readonly text: string;
  readonly saidBy: readonly Tool[];
}

/** In the order in which they are told. */
export const TOOLS = ['numactl', 'qemu', 'libvirt', 'xl'] as const;
export type Tool = (typeof TOOLS)[number];

/** What a policy does with a guest's memory, as far as other tools have words for it. */
export interface RuleInWords {
  /** For a person: `bind on nodes 0-1`. */
  readonly text: string;
  /** null where nothing is to be said, or nothing can be. */
  readonly binding: MemoryBinding | null;
  /** Option of numactl that says it where no binding does. */
  readonly numactl: string | null;
  readonly notes: readonly Note[];
}

interface KnownRule {
  readonly fallback: Fallback;
  words(nodes: readonly number[]): Omit<RuleInWords, 'text'>;
}

const binding = (mode: MemoryBinding['mode'], nodes: readonly number[]): Omit<RuleInWords, 'text'> => ({
  binding: { mode, nodes },
  numactl: null,
  notes: [],
});

/** Rules of memory that tools have a word for, by the name and the fallback of a policy's memory part. All back at first touch. */
const KNOWN: ReadonlyMap<string, KnownRule> = new Map<string, KnownRule>([
  ['bind', { fallback: 'within', words: (nodes) => binding('strict', nodes) }],
  ['preferred', { fallback: 'distance', words: (nodes) => binding('preferred', nodes.slice(0, 1)) }],
  ['interleave', { fallback: 'distance', words: (nodes) => binding('interleave', nodes) }],
  [
    'preferred-many',
    {
      fallback: 'distance',
      words: (nodes) => ({
        ...binding('preferred', nodes),
        notes:
          nodes.length > 1 ? [unsaid('Linux before 5.15, and tools from before it, take only the first of several preferred nodes')] : [],
      }),
    },
  ],
  [
    'weighted-interleave',
    {
      fallback: 'distance',
      words: (nodes) => ({
        binding: null,
        numactl: `--weighted-interleave=${writeIdList(nodes)}`,
        notes: [
          {
            text: 'memory is interleaved by weights (/sys/kernel/mm/mempolicy/weighted_interleave), which numactl alone has a word for',
            saidBy: ['numactl'],
          },
        ],
      }),
    },
  ],
]);

/** Rules that hold where nothing is said. */
const UNSAID = ['first-touch'];

/**
 * Puts a policy's rule into the words of other tools. Rules that are known by name must also fall back as those do, so that a policy of
 * the user's own that has taken a name says nothing it does not do.
 * @param nodes meant for the guest's memory, and all nodes of the machine, by the ids of the operating system
 */
export function ruleInWords(memory: Places['memory'], nodes: readonly number[], allNodes: readonly number[]): RuleInWords {
  const moves = memory.movesPages ? [unsaid('memory is moved while the guest runs, which no tool here is told to do')] : [];
  const known = KNOWN.get(memory.name);
  const meant = nodes.length > 0 ? nodes : memory.name.endsWith('interleave') ? allNodes : [];
  const text = `${memory.name}${meant.length > 0 ? ` on ${nodesText(meant)}` : ''}`;
  if (known && memory.backs === 'first-touch' && memory.fallback === known.fallback) {
    if (meant.length === 0)
      return { text: `${memory.name} of a guest placed nowhere: first touch`, binding: null, numactl: null, notes: moves };
    const words = known.words(meant);
    return { text, ...words, notes: [...words.notes, ...moves] };
  }
  if (UNSAID.includes(memory.name) && memory.backs === 'first-touch')
    return { text: memory.name, binding: null, numactl: null, notes: moves };
  return { text, binding: null, numactl: null, notes: [noteOf(memory, meant), ...moves] };
}

/** Xen backs a guest when it is built, from the nodes of its cpus and cpus_soft, and needs no word for that. */
function noteOf({ name, backs }: Places['memory'], nodes: readonly number[]): Note {
  const where = nodes.length === 0 ? 'meant for no node in particular' : `meant for ${nodesText(nodes)}`;
  const how = backs === 'at-build' ? ', backed when the guest is built' : '';
  return {
    text: `memory goes by the rule "${name}", ${where}${how}: there is no word for that here`,
    saidBy: backs === 'at-build' ? ['xl'] : [],
  };
}

/** `node 3`, `nodes 0-2`. */
export function nodesText(nodes: readonly number[]): string {
  return `${nodes.length === 1 ? 'node' : 'nodes'} ${writeIdList(nodes)}`;
}

export function unsaid(text: string): Note {
  return { text, saidBy: [] };
}
