import type { PolicyBundle } from '../user-policy/user-policy.ts';

export interface SourceFile {
  readonly name: string;
  readonly text: string;
}

/** Members of an archive have at most so many letters; what stands before these names takes the rest. */
const MOST_LETTERS = 60;

/** The files a policy was bundled from, for people to read: under their own names, or what is plain of them. */
export function policySources(bundle: PolicyBundle): SourceFile[] {
  const { sources, sourcesContent } = JSON.parse(bundle.sourceMap) as { sources: string[]; sourcesContent: (string | null)[] };
  const taken = new Set<string>();
  return sources.flatMap((source, i) => {
    const text = sourcesContent[i];
    if (typeof text !== 'string') return [];
    const plain = plainName(source);
    let name = plain;
    for (let n = 2; taken.has(name); n++) name = `${n}-${plain}`;
    taken.add(name);
    return [{ name, text }];
  });
}

/** `../shared/queue.ts` is `up/shared/queue.ts`: no name leads out of its folder, or begins with a dot. */
function plainName(source: string): string {
  const parts = source.split('/').filter((part) => part !== '' && part !== '.');
  const plain = parts.map((part) => (part === '..' ? 'up' : part.replace(/[^\w.@+=-]/g, '_').replace(/^\./, '_')));
  const name = plain.join('/') || 'policy';
  return name.length > MOST_LETTERS ? name.slice(-MOST_LETTERS).replace(/^[/.]+/, '') : name;
}
