import { SourceMap, type SourceMapPayload } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { show } from '../input-error.ts';
import type { Place } from './answer.ts';
import type { PolicyBundle } from './user-policy.ts';

/** ` (mine.ts:12:5)`: where a place in the bundle is written, as seen from where the user stands; nothing if that is not known. */
export function placeIn({ path: file, sourceMap }: PolicyBundle, place: Place): string {
  if (!place) return '';
  const entry = new SourceMap(JSON.parse(sourceMap) as SourceMapPayload).findEntry(place[0] - 1, place[1] - 1);
  if (!('originalSource' in entry)) return '';
  const path = relative(process.cwd(), join(dirname(file), entry.originalSource));
  return ` (${show(path)}:${entry.originalLine + 1}:${entry.originalColumn + 1})`;
}
