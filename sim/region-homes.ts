/**
 * For each region of a guest that knows virtual nodes, how its blocks lie on them, and the vnode with most of them: kept as blocks are
 * given to the region, so that no event counts blocks. Regions are numbered over all guests.
 */
export class RegionHomes {
  readonly home: Int32Array; //           [region] vnode with most blocks, the first of equals; NONE while it has none
  private readonly first: Int32Array; //  [region] its first place in `blocks`; the next region's is its end
  private readonly blocks: Int32Array; // [first + vnode]

  /** @param vnodes [region] virtual nodes its guest believes in */
  constructor(vnodes: readonly number[]) {
    this.home = new Int32Array(vnodes.length).fill(-1);
    this.first = new Int32Array(vnodes.length + 1);
    vnodes.forEach((count, region) => (this.first[region + 1] = this.first[region]! + (count > 1 ? count : 0)));
    this.blocks = new Int32Array(this.first[vnodes.length]!);
  }

  /** A region has been given a block; of a flat guest's nothing is kept. */
  add(region: number, vnode: number): void {
    const first = this.first[region]!;
    if (first === this.first[region + 1]) return;
    const count = ++this.blocks[first + vnode]!;
    const home = this.home[region]!;
    const most = home < 0 ? 0 : this.blocks[first + home]!;
    if (count > most || (count === most && vnode < home)) this.home[region] = vnode;
  }

  clear(region: number): void {
    this.home[region] = -1;
    this.blocks.fill(0, this.first[region], this.first[region + 1]);
  }
}
