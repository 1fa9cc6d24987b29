/** Answers of one line. Pure; what is not in the expected shape is unknown, never a default. */
import { known, unknown, type Known, type Pause } from '../domain/observation.ts';
import { printable } from '../domain/text.ts';

/** Whether an api answered -ERR or -USAGE: an error, not data (measured on 1.10.12). */
export function isRefusal(body: string): boolean {
  return /^\s*-(?:ERR|USAGE)\b/.test(body);
}

/** Why nothing can be read from an answer, in a clause: the error itself, or what came instead of `expected`. */
export function unreadable(body: string, expected: string): { readonly known: false; readonly why: string } {
  const text = body.trim();
  if (isRefusal(body)) return unknown(printable(text));
  if (text === '') return unknown(`an empty answer instead of ${expected}`);
  return unknown(`"${printable(text, 40)}" instead of ${expected}`);
}

/** `global_getvar core_uuid`. */
export function readCoreUuid(body: string): Known<string> {
  const text = body.trim();
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
    ? known(text)
    : unreadable(body, 'a UUID');
}

/** `switchname`. */
export function readSwitchname(body: string): Known<string> {
  const text = body.trim();
  const usable = text !== '' && !isRefusal(body) && printable(text, 256) === text;
  return usable ? known(text) : unreadable(body, 'a name');
}

/**
 * `global_getvar fsha_run`: null where it is unset or was emptied, which FreeSWITCH answers with `-ERR no reply`
 * (measured on 1.10.12).
 */
export function readMarkVariable(body: string): Known<string | null> {
  const text = body.trim();
  if (text === '-ERR no reply') return known(null);
  return text === '' || isRefusal(body) ? unreadable(body, 'a value') : known(printable(text, 512));
}

/** Whether `uuid_kill` answered that there is no such channel; other versions write it in other letters. */
export function isNoSuchChannel(body: string): boolean {
  return /^-ERR No such channel!?\s*$/i.test(body);
}

/** `fsctl pause_check inbound` and `… outbound`. Without an argument it says `false` under a pause of inbound alone. */
export function readPause(inbound: Known<string>, outbound: Known<string>): Known<Pause> {
  const first = readBoolean(inbound);
  if (!first.known) return first;
  const second = readBoolean(outbound);
  if (!second.known) return second;
  return known({ inbound: first.value, outbound: second.value });
}

/** `uuid_exists`, `fsctl pause_check …`. */
export function readBoolean(body: Known<string>): Known<boolean> {
  if (!body.known) return body;
  switch (body.value.trim()) {
    case 'true':
      return known(true);
    case 'false':
      return known(false);
    default:
      return unreadable(body.value, 'true or false');
  }
}
