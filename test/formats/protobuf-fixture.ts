/** Any message of protobuf's wire format, for tests: its fields by number, each a number (varint), 8 bytes (fixed64) or bytes. */
export type Fields = Map<number, (number | Uint8Array)[]>;

export function fieldsOf(bytes: Uint8Array): Fields {
  const fields: Fields = new Map();
  for (let at = 0; at < bytes.length;) {
    const varint = (): number => {
      let value = 0;
      for (let scale = 1; ; scale *= 128) {
        const byte = bytes[at++]!;
        value += (byte & 0x7f) * scale;
        if (byte < 0x80) return value;
      }
    };
    const tag = varint();
    const field = Math.floor(tag / 8);
    const type = tag % 8;
    let value: number | Uint8Array;
    if (type === 0) value = varint();
    else if (type === 1) value = bytes.subarray(at, (at += 8));
    else if (type === 2) {
      const length = varint();
      value = bytes.subarray(at, (at += length));
    } else throw new Error(`wire type ${type} at ${at}`);
    if (at > bytes.length) throw new Error(`field ${field} reaches beyond its message`);
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

export const one = (fields: Fields, field: number): number => fields.get(field)?.[0] as number;
export const text = (fields: Fields, field: number): string => new TextDecoder().decode(fields.get(field)![0] as Uint8Array);
export const inner = (fields: Fields, field: number): Fields | null => {
  const bytes = fields.get(field)?.[0];
  return bytes === undefined ? null : fieldsOf(bytes as Uint8Array);
};
export const double = (fields: Fields, field: number): number => {
  const bytes = fields.get(field)![0] as Uint8Array;
  return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
};
