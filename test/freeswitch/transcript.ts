/** The recordings of a real FreeSWITCH 1.10.12 in test/fixtures/esl, as bytes. */
import { readdirSync, readFileSync } from 'node:fs';

const FOLDER = new URL('../fixtures/esl/', import.meta.url);

export interface Turn {
  readonly from: 'client' | 'server';
  readonly bytes: Buffer;
}

export function transcriptNames(): readonly string[] {
  return readdirSync(FOLDER).map((name) => name.replace(/\.txt$/, ''));
}

export function readTranscript(name: string): readonly Turn[] {
  const text = readFileSync(new URL(`${name}.txt`, FOLDER), 'utf8');
  const parts = text.split(/^(>>> client|<<< server)\n/m).slice(1);
  const turns: Turn[] = [];
  for (let index = 0; index < parts.length; index += 2) {
    const from = parts[index] === '>>> client' ? 'client' : 'server';
    const bytes = Buffer.from(parts[index + 1] ?? '');
    turns.push({ from, bytes: from === 'server' ? withoutRecordersNewline(bytes) : bytes });
  }
  return turns;
}

/** Everything the server sent. */
export function serverBytes(name: string): Buffer {
  return Buffer.concat(readTranscript(name).flatMap((turn) => (turn.from === 'server' ? [turn.bytes] : [])));
}

/** The body of the answer to the `nth` time (from 0) that the client sent `api COMMAND`. */
export function apiBody(name: string, command: string, nth = 0): string {
  const turns = readTranscript(name);
  const asked = turns.flatMap((turn, index) =>
    turn.from === 'client' && turn.bytes.toString() === `api ${command}\n\n` ? [index] : [],
  );
  const answer = turns[(asked[nth] ?? Number.NaN) + 1];
  if (answer?.from !== 'server') throw new Error(`${name} has no answer number ${nth} to "api ${command}"`);
  const text = answer.bytes.toString();
  return text.slice(text.indexOf('\n\n') + 2);
}

/** A body without a newline at its end was written down with one, so that the next marker begins a line. */
function withoutRecordersNewline(bytes: Buffer): Buffer {
  let end = 0;
  for (;;) {
    const headersEnd = bytes.indexOf('\n\n', end);
    if (headersEnd < 0) return bytes.subarray(0, end);
    const length = /^Content-Length: (\d+)$/m.exec(bytes.toString('utf8', end, headersEnd))?.[1];
    end = headersEnd + 2 + Number(length ?? 0);
  }
}
