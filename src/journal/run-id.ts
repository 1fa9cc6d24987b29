/** The name of a run: short to type, sortable by time, unique: `20261122-213134-k3f9`. */
import { randomBytes } from 'node:crypto';

// Crockford's base32 in lower case: no i, l, o, u, so that nothing is misread from a screen or over the phone.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const SHAPE = new RegExp(`^\\d{8}-\\d{6}-[${ALPHABET}]{4}$`);

/**
 * A new run id: UTC date and time of `now` to the second, its milliseconds in two characters, so that two runs of one second are
 * in order too, and 10 random bits for runs of different hosts.
 */
export function newRunId(now: Date): string {
  const digits = now.toISOString().replace(/\D/g, '');
  const ms = now.getUTCMilliseconds();
  const random = [...randomBytes(2)].map((byte) => byte % 32);
  const suffix = [Math.floor(ms / 32), ms % 32, ...random].map((value) => ALPHABET.charAt(value)).join('');
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${suffix}`;
}

/** Whether a text has the shape of a run id; what has may safely become a file name. */
export function isRunId(text: string): boolean {
  return SHAPE.test(text);
}
