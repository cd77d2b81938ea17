import type { RtAppEvent, RtAppEventBody } from './file.ts';
import { asOneOf, asText, asUs, asWhole, type Field, ignoreRest, Members, MOST_INT, refuse } from './members.ts';

type Kind = RtAppEventBody['kind'];
type Of<K extends Kind> = RtAppEventBody & { readonly kind: K };

/** In this order a name is compared with the beginnings of events (rt-app_parse_config.c). */
export const EVENT_KINDS: readonly Kind[] = [
  'lock', 'unlock', 'wait', 'signal', 'broad', 'sync', 'sleep', 'runtime', 'run', 'timer', 'suspend', 'resume', 'memrun', 'mem', 'iorun',
  'yield', 'barrier', 'fork', 'sem_post', 'sem_wait',
]; // prettier-ignore

export function eventKind(key: string): Kind | null {
  return EVENT_KINDS.find((kind) => key.startsWith(kind)) ?? null;
}

/** @param task whose event it is: that is what an empty `suspend` waits for */
export function eventOf(field: Field, kind: Kind, task: string): RtAppEvent {
  const { line, column } = field.notes.source.place(field.at);
  return Object.assign(bodyOf(field, kind, task), { key: field.name, line, column }); // a copy of each takes as long as all the rest
}

function bodyOf(field: Field, kind: Kind, task: string): RtAppEventBody {
  switch (kind) {
    case 'run':
    case 'runtime':
    case 'sleep':
      return { kind, ns: asUs(field) };
    case 'mem':
    case 'iorun':
      return { kind, bytes: asWhole(field, 0, MOST_INT, ' of bytes') };
    case 'memrun':
      return memrunOf(field);
    case 'timer':
      return timerOf(field);
    case 'wait':
    case 'sync':
      return waitOf(field, kind);
    case 'yield':
      return { kind }; // whatever its value
    case 'suspend':
      return { kind, name: asText(field) || task };
    default:
      if (field.name === 'lock_order' && field.value.kind === 'list') refuse(field, OF_OLD);
      return namedOf(kind, asText(field));
  }
}

/** It begins like an event, for which rt-app takes it and refuses the list. */
const OF_OLD = 'its events one by one, in their order: run, sleep, lock, unlock, wait, signal (lock_order is of rt-app of 2014 and before)';

/** Events that name one thing, and that is all they say. */
function namedOf(
  kind: Kind & ('lock' | 'unlock' | 'signal' | 'broad' | 'barrier' | 'resume' | 'sem_post' | 'sem_wait' | 'fork'),
  name: string,
): RtAppEventBody {
  switch (kind) {
    case 'lock':
    case 'unlock':
      return { kind, mutex: name };
    case 'signal':
    case 'broad':
      return { kind, condition: name };
    case 'barrier':
      return { kind, barrier: name };
    case 'sem_post':
    case 'sem_wait':
      return { kind, semaphore: name };
    case 'resume':
      return { kind, name };
    case 'fork':
      return { kind, task: name };
  }
}

function waitOf(field: Field, kind: 'wait' | 'sync'): Of<'wait' | 'sync'> {
  const members = new Members(field);
  const condition = textOr(members.take('ref'), UNNAMED);
  const mutex = textOr(members.take('mutex'), UNNAMED);
  ignoreRest(members);
  return { kind, condition, mutex };
}

function timerOf(field: Field): Of<'timer'> {
  const members = new Members(field);
  const ref = textOr(members.take('ref'), UNNAMED);
  const period = members.take('period');
  const mode = members.take('mode');
  ignoreRest(members);
  return {
    kind: 'timer',
    ns: period ? asUs(period) : 0,
    ref,
    isOwn: ref.startsWith('unique'),
    isAbsolute: mode !== null && asOneOf(mode, ['relative', 'absolute']) === 'absolute',
  };
}

/** Where no pattern is given, a chase goes at random: assumed. Reads and writes go from byte to byte and begin anew at the end. */
function memrunOf(field: Field): Of<'memrun'> {
  const members = new Members(field);
  const needed = (name: string): Field => members.take(name) ?? refuse(field, `a mapping with ${name}`);
  const access = asOneOf(needed('type'), ['read', 'write', 'chase']);
  const sizeBytes = asWhole(needed('size'), 1, MOST_INT, ' of bytes');
  const count = asWhole(needed('count'), 0, MOST_INT);
  const stride = members.take('stride');
  const pattern = members.take('pattern');
  const ref = members.take('ref');
  ignoreRest(members);
  return {
    kind: 'memrun',
    access,
    sizeBytes,
    count,
    strideBytes: stride ? asWhole(stride, 1, sizeBytes, ' of bytes') : Math.min(64, sizeBytes),
    isRandom: (pattern ? asOneOf(pattern, ['random', 'sequential']) : access === 'chase' ? 'random' : 'sequential') === 'random',
    ref: ref && asText(ref),
  };
}

/** What rt-app calls the things that an event does not name. */
const UNNAMED = 'unknown';

function textOr(field: Field | null, otherwise: string): string {
  return field ? asText(field) : otherwise;
}
