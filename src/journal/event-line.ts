/** One line of a journal, believed only where it is an event. */
import { nestsDeeperThan } from '../domain/json-nesting.ts';
import type { RunEvent } from '../domain/run-events.ts';
import { wrongInData } from './event-shape.ts';
import { isRecord, name } from './shape-checks.ts';

/** The deepest event, a run.started with effects to give back, has 9. */
const MOST_LEVELS = 64;

// A byte order mark is no part of what fsha writes.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @returns the event, or in a clause what the line is instead. Types and keys that this version does not know are kept. */
export function readEventLine(bytes: Uint8Array): RunEvent | string {
  const value = parsed(bytes);
  if (value === undefined) return 'not a line of JSON';
  if (!isRecord(value)) return 'not an event';
  const { v, seq, at, mono, run, type, node, step, data } = value;
  if (v !== 1) return `written in version ${shortly(v)} of the format, this fsha reads version 1`;
  if (!Number.isSafeInteger(seq) || typeof run !== 'string') return 'an event without seq or run';
  const isWhole =
    typeof type === 'string' &&
    typeof at === 'string' &&
    !Number.isNaN(Date.parse(at)) &&
    Number.isFinite(mono) &&
    isRecord(data);
  if (!isWhole) return 'an event without type, at, mono or data';
  if ([node, step].some((one) => one !== undefined && name(one) !== null))
    return 'an event whose node or step is no name';
  const wrong = wrongInData(type, data);
  if (wrong !== null) return `a ${type} without a usable ${wrong}`;
  return value as unknown as RunEvent;
}

/** A value as it may stand in such a clause. */
export function shortly(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value).slice(0, 60);
}

function parsed(bytes: Uint8Array): unknown {
  try {
    const text = decoder.decode(bytes);
    return nestsDeeperThan(MOST_LEVELS, text) ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
