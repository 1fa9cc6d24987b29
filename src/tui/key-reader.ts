/** What a terminal sends when keys are pressed, as keys: pure, and safe where several arrive at once or one in two pieces. */
import type { Key, KeyName } from './scene.ts';

export interface KeyReader {
  /** The keys that are whole now. What may still become one waits for the next chunk, or for `settle`. */
  push(chunk: string): readonly Key[];
  /** Nothing followed for a while: a lone ESC was the key of that name; the beginning of anything else is dropped. */
  settle(): readonly Key[];
  /** Whether something waits. */
  readonly waiting: boolean;
}

// One thing that a terminal sends, from where it begins.
const PASTE_BEGIN = '\u001b[200~';
const PASTE_END = '\u001b[201~';
const CSI = /\u001b\[(\[?[0-?]*[ -/]*[@-~])/y;
const SS3 = /\u001bO([ -~])/y;
/** An answer to a question of somebody else's (title, colours): up to BEL or ESC \. */
const STRING = /\u001b[\]PX^_][^\u0000-\u001f]*(?:\u0007|\u001b\\)/y;
const ALT = /\u001b[^\u0000-\u001f\u007f]/uy;
/** What is none of these yet, and can become one. */
const BEGUN = /\u001b(?:\[\[?[0-?]*[ -/]*|O|[\]PX^_][^\u0000-\u001f]*\u001b?)?$/y;
const CONTROL = /\r\n|[\u0000-\u001f\u007f]/y;
const TEXT = /[^\u0000-\u001f\u007f]+/y;

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const BY_CONTROL: Readonly<Record<string, KeyName>> = {
  '\u0003': 'ctrl-c',
  '\u000c': 'ctrl-l',
  '\r': 'enter',
  '\n': 'enter',
  '\r\n': 'enter',
  '\u0008': 'backspace',
  '\u007f': 'backspace',
  '\u001b': 'escape',
};

const BY_LETTER: Readonly<Record<string, KeyName>> = {
  A: 'up',
  B: 'down',
  H: 'home',
  F: 'end',
  M: 'enter',
};

const BY_NUMBER: Readonly<Record<string, KeyName>> = {
  1: 'home',
  4: 'end',
  5: 'page-up',
  6: 'page-down',
  7: 'home',
  8: 'end',
};

export function keyReader(): KeyReader {
  let rest = '';
  let pasting = false;

  /** Takes the first thing off `rest`; undefined where nothing whole is there. */
  const next = (): readonly Key[] | undefined => {
    if (rest === '') return undefined;
    if (pasting) return pasted();
    if (rest.startsWith(PASTE_BEGIN)) {
      pasting = true;
      return take(PASTE_BEGIN, []);
    }
    const csi = at(CSI, rest);
    if (csi !== null) return take(csi[0], named(ofCsi(csi[1] ?? '')));
    const ss3 = at(SS3, rest);
    if (ss3 !== null) return take(ss3[0], named(BY_LETTER[ss3[1] ?? '']));
    const ignored = at(STRING, rest);
    if (ignored !== null) return take(ignored[0], []);
    if (at(BEGUN, rest) !== null) return undefined;
    const alt = at(ALT, rest);
    if (alt !== null) return take(alt[0], []);
    const control = at(CONTROL, rest);
    if (control !== null) return take(control[0], named(BY_CONTROL[control[0]]));
    const typed = at(TEXT, rest)?.[0] ?? rest;
    return take(typed, text(typed));
  };

  /** Newlines of a paste are no Enter. Ctrl-C is never text: without it the end of a paste that was lost would lock the keys. */
  const pasted = (): readonly Key[] | undefined => {
    const stop = rest.indexOf('\u0003');
    const end = rest.indexOf(PASTE_END);
    if (stop !== -1 && (end === -1 || stop < end)) {
      pasting = false;
      return take(rest.slice(0, stop), text(rest.slice(0, stop)));
    }
    if (end !== -1) {
      pasting = false;
      const whole = rest.slice(0, end);
      return take(whole + PASTE_END, text(whole));
    }
    const begun = rest.lastIndexOf('\u001b');
    const whole = begun !== -1 && PASTE_END.startsWith(rest.slice(begun)) ? rest.slice(0, begun) : rest;
    return whole === '' ? undefined : take(whole, text(whole));
  };

  const take = (whole: string, keys: readonly Key[]): readonly Key[] => {
    rest = rest.slice(whole.length);
    return keys;
  };

  return {
    push: (chunk) => {
      rest += chunk;
      const keys: Key[] = [];
      for (let more = next(); more !== undefined; more = next()) keys.push(...more);
      return keys;
    },
    settle: () => {
      const lone = rest === '\u001b' && !pasting;
      rest = '';
      return lone ? named('escape') : [];
    },
    get waiting() {
      return rest !== '';
    },
  };
}

/** `1;5A`, `5~`: a modifier does not make another key of it. */
function ofCsi(sequence: string): KeyName | undefined {
  const final = sequence.at(-1) ?? '';
  if (final === '~') return BY_NUMBER[sequence.split(/[;~]/)[0] ?? ''];
  // M is Enter of the keypad behind SS3 alone: here it is a mouse.
  return final === 'M' || sequence.startsWith('[') ? undefined : BY_LETTER[final];
}

function named(name: KeyName | undefined): readonly Key[] {
  return name === undefined ? [] : [{ text: '', name }];
}

function text(typed: string): readonly Key[] {
  const clean = typed.replace(UNPRINTABLE, '');
  return clean === '' ? [] : [{ text: clean, name: null }];
}

function at(pattern: RegExp, whole: string): RegExpExecArray | null {
  pattern.lastIndex = 0;
  return pattern.exec(whole);
}
