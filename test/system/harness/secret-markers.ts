/** Secrets that can be told from everything else, and the forms in which they might come to light. */
import { randomInt } from 'node:crypto';

export interface Marker {
  /** What it is: `RPC password of lb-3`. */
  readonly name: string;
  /** The secret itself. */
  readonly text: string;
  /** Every form that is looked for. Of a marker with a core, half of that is enough: what shows half of a secret shows too much. */
  readonly forms: readonly Form[];
}

export interface Form {
  readonly how: string;
  readonly text: string;
}

export interface Leak {
  readonly where: string;
  readonly secret: string;
  readonly how: string;
  /** What stands around it. */
  readonly excerpt: string;
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** Characters of a part that is looked for: so many letters stand nowhere by chance. */
const PART = 10;
const AROUND = 60;

/** A secret made for this run. It has in it what is written differently in URLs, in shells and in JSON. */
export function newMarker(name: string): Marker {
  const core = Array.from({ length: 2 * PART }, () => LETTERS[randomInt(LETTERS.length)] ?? 'x').join('');
  return markerOf(name, `p@ss/${core}+%"1`, core);
}

/** A secret that is there already. @param core the part of it that stands nowhere else; all of it unless told */
export function markerOf(name: string, text: string, core: string = text): Marker {
  if (core.length < PART) throw new Error(`${name} is too short to be told from other text`);
  const parts = [...new Set([core.slice(0, PART), core.slice(-PART)])];
  const forms = [...parts, text].flatMap(formsOf);
  const unique = forms.filter((form, index) => index === forms.findIndex((one) => one.text === form.text));
  return { name, text, forms: unique };
}

/** A text as it is, and as the encodings make it that programs print, log and send. */
export function formsOf(text: string): readonly Form[] {
  const bytes = Buffer.from(text, 'utf8');
  const pairs = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
  return [
    { how: 'as it is', text },
    { how: 'backwards', text: Array.from(text).reverse().join('') },
    { how: 'percent-encoded', text: encodeURIComponent(text) },
    { how: 'in JSON', text: JSON.stringify(text).slice(1, -1) },
    { how: 'UTF-16', text: Array.from(text).join('\0') },
    ...hexForms(pairs),
    ...hexForms(pairs.map((pair) => pair.toUpperCase())),
    { how: 'a list of bytes', text: [...bytes].join(',') },
    ...[0, 1, 2].flatMap((offset) => base64Within(bytes, offset)),
  ];
}

/** Every marker that is in the text, in whichever form, and the first place of it. */
export function leaksIn(where: string, text: string, markers: readonly Marker[]): readonly Leak[] {
  // util.inspect writes long lists of numbers in columns.
  const inLine = /\d,\s+\d/.test(text) ? text.replace(/,\s+/g, ',') : '';
  return markers.flatMap(({ name, forms }): Leak[] => {
    for (const said of [text, inLine]) {
      const found = forms.find((form) => said.includes(form.text));
      if (found === undefined) continue;
      const at = said.indexOf(found.text);
      const excerpt = said.slice(Math.max(0, at - AROUND), at + AROUND);
      return [{ where, secret: name, how: found.how, excerpt }];
    }
    return [];
  });
}

/** What is surely there of bytes in the middle of others, `offset` bytes behind a group of three: `user:password` of Basic. */
function base64Within(bytes: Buffer, offset: number): readonly Form[] {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  // Characters that have bits of their neighbours in them are left out.
  const from = offset === 0 ? 0 : offset + 1;
  const whole = Math.floor(((offset + bytes.length) * 8) / 6);
  const within = encoded.slice(from, whole);
  return [
    { how: 'base64', text: within },
    { how: 'base64 for URLs', text: within.replaceAll('+', '-').replaceAll('/', '_') },
  ];
}

function hexForms(pairs: readonly string[]): readonly Form[] {
  return [
    { how: 'hex', text: pairs.join('') },
    { how: 'hex, as util.inspect shows a Buffer', text: pairs.join(' ') },
    { how: 'hex with colons', text: pairs.join(':') },
    { how: 'percent-encoded, every byte', text: pairs.map((pair) => `%${pair}`).join('') },
    { how: 'escapes of JSON', text: pairs.map((pair) => `\\u00${pair}`).join('') },
    { how: 'escapes of hex', text: pairs.map((pair) => `\\x${pair}`).join('') },
  ];
}
