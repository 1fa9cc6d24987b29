/** What may become an argument of a command on one channel. */
import { FshaError } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';

/**
 * A UUID, or what a call was given in its place: `origination_uuid`, or the Call-ID where the profile says so. A blank
 * would begin the next argument, and FreeSWITCH may expand a `${…}` before it runs the command.
 */
const CHANNEL = /^(?!.*[$'"`\\])[!-~]{1,256}$/;

/** A name such as NORMAL_CLEARING, or the number that Q.850 has for it. */
const CAUSE = /^(?:[A-Z][A-Z0-9_]{1,63}|\d{1,3})$/;

export function isChannelId(text: string): boolean {
  return CHANNEL.test(text);
}

/** @throws FshaError `usage` for what cannot be the id of a channel */
export function requireChannelId(text: string): void {
  if (isChannelId(text)) return;
  throw new FshaError(
    'usage',
    `"${printable(text, 80)}" cannot be the id of a channel.`,
    'It is up to 256 printable characters, without blanks, quotes, backslashes and "$".',
  );
}

/** @throws FshaError `usage` for what cannot be a hangup cause */
export function requireCause(text: string): void {
  if (CAUSE.test(text)) return;
  throw new FshaError(
    'usage',
    `"${printable(text, 80)}" cannot be a hangup cause.`,
    'Give the name of one, such as NORMAL_CLEARING.',
  );
}
