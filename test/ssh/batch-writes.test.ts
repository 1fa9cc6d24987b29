import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { batchWrites } from '../../src/ssh/batch-writes.ts';

/** What reached the other side, one entry for each time something was sent. */
class Wire extends Duplex {
  readonly sent: string[] = [];

  override _read(): void {
    // Nothing ever comes.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: () => void): void {
    this.sent.push(chunk.toString());
    callback();
  }

  override _writev(chunks: { chunk: Buffer }[], callback: () => void): void {
    this.sent.push(chunks.map(({ chunk }) => chunk.toString()).join(''));
    callback();
  }
}

function batchedWire(): Wire {
  const wire = new Wire();
  batchWrites(wire);
  return wire;
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what is written in one turn is sent as one, in order', async () => {
  const wire = batchedWire();
  for (const piece of ['length ', 'payload ', 'tag']) wire.write(piece);
  await nextTurn();
  expect(wire.sent).toEqual(['length payload tag']);
});

test('what is written in the next turn does not wait for more', async () => {
  const wire = batchedWire();
  wire.write('a');
  await nextTurn();
  wire.write('b');
  await nextTurn();
  expect(wire.sent).toEqual(['a', 'b']);
});

test('an end in the same turn goes behind what was written, and nothing is lost', async () => {
  const wire = batchedWire();
  wire.write('good');
  wire.end('bye');
  await nextTurn();
  expect(wire.sent.join('')).toBe('goodbye');
  expect(wire.writableFinished).toBe(true);
});

test('every write hears of its end, also of a stream that is destroyed before it was sent', async () => {
  const wire = batchedWire();
  const heard: (string | undefined)[] = [];
  wire.write('a', (error) => heard.push(error?.message));
  await nextTurn();
  wire.write('b', (error) => heard.push(error?.name));
  wire.destroy();
  await nextTurn();
  expect(heard).toEqual([undefined, 'Error']);
  expect(wire.sent).toEqual(['a']);
});
