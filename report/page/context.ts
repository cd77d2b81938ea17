import { POLICY_COLOURS } from './colours.ts';

/** What the parts of one page share: a colour for each policy, the same in all charts, and identifiers that occur once. */
export class PageContext {
  readonly #places = new Map<string, number>();
  readonly #uses = new Map<string, number>();

  /** In the order in which the page first names them. */
  colourOf(policy: string): string {
    const place = this.#places.get(policy) ?? this.#places.size;
    this.#places.set(policy, place);
    return `var(--p${place % POLICY_COLOURS})`;
  }

  /** An identifier of letters, digits and dashes; the second of the same words ends in 2. */
  idOf(...words: readonly string[]): string {
    const id = words.join('-').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'x'; // prettier-ignore
    const use = (this.#uses.get(id) ?? 0) + 1;
    this.#uses.set(id, use);
    return use === 1 ? id : this.idOf(id, String(use));
  }
}
