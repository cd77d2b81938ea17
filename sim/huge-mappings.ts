/**
 * How guest memory is mapped by the host: in huge mappings of several blocks, as transparent huge pages are, or block by block. A huge
 * mapping has one mark and moves as a whole, at the price of one; it lies on one node. One that is split has marks and moves for each of
 * its blocks. With mappings of one block there is nothing to split.
 */
export class HugeMappings {
  /** Blocks of a huge mapping; 1 where there is none. */
  readonly blocks: number;
  private readonly firstBlock: Float64Array; //   [guest]
  private readonly blockCount: Float64Array; //   [guest]
  private readonly firstMapping: Float64Array; // [guest]
  private readonly isSplit: Uint8Array; //        [mapping]

  constructor(blocks: number, firstBlock: Float64Array, blockCount: Float64Array) {
    this.blocks = blocks;
    this.firstBlock = firstBlock;
    this.blockCount = blockCount;
    this.firstMapping = new Float64Array(firstBlock.length);
    let mappings = 0;
    for (let guest = 0; guest < firstBlock.length; guest++) {
      this.firstMapping[guest] = mappings;
      mappings += Math.ceil(blockCount[guest]! / blocks);
    }
    this.isSplit = new Uint8Array(blocks > 1 ? mappings : 0);
  }

  /** First block of the mapping that a block is in. */
  first(guest: number, block: number): number {
    if (this.blocks === 1 || this.isSplit[this.mapping(guest, block)] === 1) return block;
    const own = block - this.firstBlock[guest]!;
    return block - (own % this.blocks);
  }

  /** One past its last block. */
  end(guest: number, block: number): number {
    if (this.blocks === 1 || this.isSplit[this.mapping(guest, block)] === 1) return block + 1;
    const own = block - this.firstBlock[guest]!;
    return this.firstBlock[guest]! + Math.min(own - (own % this.blocks) + this.blocks, this.blockCount[guest]!);
  }

  isHuge(guest: number, block: number): boolean {
    return this.blocks > 1 && this.isSplit[this.mapping(guest, block)] === 0;
  }

  split(guest: number, block: number): void {
    this.isSplit[this.mapping(guest, block)] = 1;
  }

  merge(guest: number, block: number): void {
    this.isSplit[this.mapping(guest, block)] = 0;
  }

  /** The blocks that would be one mapping if this one were not split. */
  firstWhole(guest: number, block: number): number {
    return block - ((block - this.firstBlock[guest]!) % this.blocks);
  }

  endWhole(guest: number, block: number): number {
    return Math.min(this.firstWhole(guest, block) + this.blocks, this.firstBlock[guest]! + this.blockCount[guest]!);
  }

  private mapping(guest: number, block: number): number {
    return this.firstMapping[guest]! + Math.floor((block - this.firstBlock[guest]!) / this.blocks);
  }
}
