/** A terminal in memory: what is written to it stands on its screen; its keyboard is a stream that tests write to. */
import { PassThrough, Writable } from 'node:stream';
import stringWidth from 'string-width';

const SEQUENCE = /^\u001b\[(\??)([\d;]*)([A-Za-z])/;
const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * Understands what a screen of fsha's uses, and throws at anything else. Lines that are too long are cut, as they are where
 * wrapping is off.
 */
export class FakeTerminal extends Writable {
  readonly isTTY = true;
  columns: number;
  rows: number;
  /** All that was written. */
  written = '';
  alternate = false;
  cursorShown = true;
  wraps = true;
  bracketedPaste = false;
  /** A terminal that takes nothing more, as behind a dead link. */
  stalled = false;
  #cells: (string | undefined)[][] = [];
  /** What stood there when the alternate screen was entered. */
  #primary: (string | undefined)[][] = [];
  #row = 0;
  #column = 0;
  #waiting: (() => void) | undefined;

  constructor(columns = 80, rows = 24) {
    super({ decodeStrings: false });
    [this.columns, this.rows] = [columns, rows];
  }

  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    this.written += String(chunk);
    this.#show(String(chunk));
    if (this.stalled) this.#waiting = done;
    else done();
  }

  /** Takes again what is written. */
  resume(): void {
    this.stalled = false;
    this.#waiting?.();
  }

  /** The lines as they are seen, without blanks at their ends and without empty ones at the end of all. */
  get screen(): string {
    return this.#cells
      .map((cells) =>
        Array.from(cells, (cell) => cell ?? ' ')
          .join('')
          .trimEnd(),
      )
      .join('\n')
      .trimEnd();
  }

  /** As a terminal does it: what stood there is left somewhere else than anybody thinks. */
  resize(columns: number, rows: number): void {
    [this.columns, this.rows] = [columns, rows];
    this.scribble();
    this.emit('resize');
  }

  /** Somebody else wrote over everything. */
  scribble(): void {
    this.#cells = Array.from({ length: this.rows }, () => Array.from({ length: this.columns }, () => '#'));
  }

  #show(text: string): void {
    for (let rest = text; rest !== '';) {
      const sequence = SEQUENCE.exec(rest);
      if (sequence !== null) {
        this.#obey(sequence[1] ?? '', sequence[2] ?? '', sequence[3] ?? '');
        rest = rest.slice(sequence[0].length);
      } else {
        const [plain = ''] = /^[^\u0000-\u001f]+|^\r?\n/.exec(rest) ?? [];
        if (plain === '') throw new Error(`not understood: ${JSON.stringify(rest.slice(0, 20))}`);
        if (plain.endsWith('\n')) [this.#row, this.#column] = [this.#row + 1, 0];
        else this.#put(plain);
        rest = rest.slice(plain.length);
      }
    }
  }

  #put(plain: string): void {
    if (this.#row >= this.rows) throw new Error('written below the last row: the terminal scrolls');
    const cells = (this.#cells[this.#row] ??= []);
    for (const { segment } of GRAPHEMES.segment(plain)) {
      const width = stringWidth(segment);
      if (this.#column + width > this.columns) return;
      cells[this.#column] = segment;
      for (let more = 1; more < width; more += 1) cells[this.#column + more] = '';
      this.#column += width;
    }
  }

  #obey(mark: string, parameters: string, final: string): void {
    const on = final === 'h';
    switch (`${mark}${mark === '?' ? parameters : ''}${mark === '?' ? '' : final}`) {
      case '?1049':
        if (on) [this.#primary, this.#cells] = [this.#cells, []];
        else if (this.alternate) this.#cells = this.#primary;
        this.alternate = on;
        return;
      case '?25':
        this.cursorShown = on;
        return;
      case '?7':
        this.wraps = on;
        return;
      case '?2004':
        this.bracketedPaste = on;
        return;
      case '?2026':
      case 'm':
        return;
      case 'H': {
        const [row = 1, column = 1] = parameters.split(';').map((number) => Number(number || 1));
        [this.#row, this.#column] = [row - 1, column - 1];
        return;
      }
      case 'J':
        if (parameters !== '2') throw new Error(`not understood: J with ${parameters}`);
        this.#cells = [];
        return;
      case 'K':
        // Behind a row that is full the cursor stands on its last character.
        this.#cells[this.#row]?.splice(Math.min(this.#column, this.columns - 1));
        return;
      default:
        throw new Error(`not understood: ${mark}${parameters}${final}`);
    }
  }
}

export class FakeKeyboard extends PassThrough {
  readonly isTTY = true;
  raw = false;

  setRawMode(raw: boolean): this {
    this.raw = raw;
    return this;
  }
}
