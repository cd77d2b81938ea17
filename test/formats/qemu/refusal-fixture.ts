import { expect } from 'vitest';
import { readQemu } from '../../../formats/qemu/qemu.ts';

/** What the reader says of a text that it refuses. */
export function refusal(text: string): string {
  try {
    readQemu(text);
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return (error as Error).message;
  }
  return 'none';
}
