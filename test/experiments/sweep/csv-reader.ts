/** A reader of RFC 4180, written from its grammar: records of fields, null for a field that has no characters at all. */
export function readCsv(text: string): (string | null)[][] {
  const records: (string | null)[][] = [];
  let record: (string | null)[] = [];
  const field = /("(?:[^"]|"")*"|[^",\r\n]*)(,|\r\n|$)/gy;
  while (field.lastIndex < text.length) {
    const [, written = '', end] = field.exec(text) ?? fail(field.lastIndex);
    record.push(written === '' ? null : written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written);
    if (end === ',') continue;
    records.push(record);
    record = [];
  }
  return records;
}

function fail(at: number): never {
  throw new Error(`no CSV at ${at}`);
}
