/** Text that came over a wire, made fit to be shown. */

// C0 and C1 controls, DEL, line and paragraph separators, bidirectional overrides and isolates, zero-width characters.
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Replaces everything that could steer a terminal or forge a line by U+FFFD; cuts what is longer than `max` characters. */
export function printable(text: string, max = 200): string {
  // No character is more than two units: what is beyond can be shown in no case, and may be megabytes.
  const beginning = text.slice(0, 2 * max);
  const clean = beginning.replace(UNPRINTABLE, '\ufffd');
  const characters = Array.from(clean);
  const whole = beginning.length === text.length && characters.length <= max;
  return whole ? clean : `${characters.slice(0, max - 1).join('')}…`;
}

/** Masks a caller's number or name: the last two characters stay, so that two calls can be told apart. */
export function masked(text: string): string {
  const characters = Array.from(printable(text));
  if (characters.length === 0) return '';
  const shown = characters.length > 4 ? 2 : 0;
  return (
    '*'.repeat(Math.min(characters.length - shown, 8)) + characters.slice(characters.length - shown).join('')
  );
}
