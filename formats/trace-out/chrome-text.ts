import { OutputBuffer, type WriteBytes } from './output-buffer.ts';

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;

const utf8 = new TextEncoder();

/** Text as it goes into a file many times. */
export const ascii = (text: string): Uint8Array => utf8.encode(text);

/** Writes JSON piece by piece into a stream: texts that are ready as bytes, and numbers. */
export class JsonWriter {
  readonly out: OutputBuffer;

  constructor(write: WriteBytes) {
    this.out = new OutputBuffer(write);
  }

  text(bytes: Uint8Array): void {
    this.out.put(bytes);
  }

  /** A whole number of at most 2^53. */
  whole(value: number): void {
    const { out } = this;
    let left = value;
    if (left < 0) {
      out.bytes[out.at++] = MINUS;
      left = -left;
    }
    let digits = 1;
    for (let power = 10; digits < 17 && left >= power; power *= 10) digits++;
    for (let at = out.at + digits - 1; at >= out.at; at--) {
      const rest = left < 2 ** 31 ? ((left | 0) / 10) | 0 : Math.floor(left / 10);
      out.bytes[at] = ZERO + (left - 10 * rest);
      left = rest;
    }
    out.at += digits;
  }

  /** Nanoseconds as microseconds, exactly: 1234567 is 1234.567. */
  micro(ns: number): void {
    const { out } = this;
    const us = Math.floor(ns / 1000);
    const rest = ns - 1000 * us;
    this.whole(us);
    if (rest === 0) return;
    const { bytes, at } = out;
    const hundreds = (rest / 100) | 0;
    const tens = ((rest / 10) | 0) - 10 * hundreds;
    bytes[at] = POINT;
    bytes[at + 1] = ZERO + hundreds;
    bytes[at + 2] = ZERO + tens;
    bytes[at + 3] = ZERO + (rest - 100 * hundreds - 10 * tens);
    out.at = at + 4;
  }

  /** A number of at least 0 and below 2^33, to the millionth. */
  real(value: number): void {
    const { out } = this;
    const millionths = Math.round(value * 1e6);
    const whole = Math.floor(millionths / 1e6);
    this.whole(whole);
    let rest = millionths - 1e6 * whole;
    if (rest === 0) return;
    out.bytes[out.at++] = POINT;
    for (let power = 100_000; rest > 0; power /= 10) {
      const digit = (rest / power) | 0;
      out.bytes[out.at++] = ZERO + digit;
      rest -= digit * power;
    }
  }
}
