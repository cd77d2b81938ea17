/** Units and identifiers. Time is whole nanoseconds; GB/s is 1e9 bytes per second, that is one byte per nanosecond. */

declare const brand: unique symbol;
type Branded<Name extends string> = number & { readonly [brand]: Name };

export type CpuId = Branded<'CpuId'>;
export type NodeId = Branded<'NodeId'>;
export type GuestId = Branded<'GuestId'>;
export type VcpuId = Branded<'VcpuId'>;
export type DsqId = Branded<'DsqId'>;

/** The only sentinel: "no such CPU, vCPU, task, node, block". Same value in every identifier type. */
export const NONE = -1 as never;

export const us = (count: number): number => Math.round(count * 1_000);
export const ms = (count: number): number => Math.round(count * 1_000_000);
export const seconds = (count: number): number => Math.round(count * 1_000_000_000);

export const KiB = (count: number): number => count * 1024;
export const MiB = (count: number): number => count * 1024 ** 2;
export const GiB = (count: number): number => count * 1024 ** 3;

export const LINE_BYTES = 64;
export const PAGE_BYTES = 4096;
