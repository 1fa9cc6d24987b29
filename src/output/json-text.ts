/** JSON that is safe on a terminal as well. */

// What JSON.stringify leaves as it is and a terminal may obey: DEL and C1, line separators, bidirectional controls.
const STEERING = /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** `value` as JSON without line breaks; characters that steer a terminal are escaped, so that nothing is lost. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(
    STEERING,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
