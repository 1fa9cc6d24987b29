import { FramingError } from './frame-reader.ts';
import { asRecord, parseJson } from './json-values.ts';

/** FreeSWITCH writes Event-Name first (measured on 1.10.12). */
const FIRST_KEY = /^\{"Event-Name":"([A-Z_]{1,64})"[,}]/;

/**
 * The Event-Name of an event in JSON. Usually reads the first bytes only: a busy node sends thousands of events of
 * 5 kB a second, and nothing else in them is used.
 * @throws FramingError where the text is not such an event
 */
export function eventName(json: string): string {
  const name = FIRST_KEY.exec(json)?.[1];
  if (name !== undefined && json.trimEnd().endsWith('}')) return name;
  const value = asRecord(parseJson(json))?.['Event-Name'];
  if (typeof value === 'string') return value;
  throw new FramingError('an event that is not JSON with an Event-Name', json.slice(0, 100));
}
