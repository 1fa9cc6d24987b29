/** Keys from a terminal in raw mode. */
import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';
import { keyReader } from './key-reader.ts';
import type { Key } from './scene.ts';

/** How long ESC waits for what may follow it, ms: a sequence arrives in one piece but for the worst of links. */
const ESCAPE_MS = 100;

/**
 * Hands each key to `onKey` until the returned function is called, which leaves the stream paused. `onEnd` is told that no
 * key will come any more.
 */
export function listenToKeys(
  stdin: Readable,
  onKey: (key: Key) => void,
  onEnd: (error: Error) => void,
): () => void {
  const decoder = new StringDecoder('utf8');
  const reader = keyReader();
  let timer: NodeJS.Timeout | undefined;
  let listening = true;

  // A key may end the listening: what came with it is heard no more.
  const hand = (keys: readonly Key[]): void => {
    for (const key of keys) if (listening) onKey(key);
  };
  const onData = (chunk: Buffer | string): void => {
    clearTimeout(timer);
    hand(reader.push(typeof chunk === 'string' ? chunk : decoder.write(chunk)));
    if (reader.waiting && listening) timer = setTimeout(() => hand(reader.settle()), ESCAPE_MS);
  };
  const onGone = (): void => onEnd(new Error('the terminal went away: no key can come any more'));

  stdin.on('data', onData);
  stdin.once('end', onGone);
  stdin.once('close', onGone);
  stdin.on('error', onEnd);
  stdin.resume();
  return () => {
    listening = false;
    clearTimeout(timer);
    stdin.off('data', onData);
    stdin.off('end', onGone);
    stdin.off('close', onGone);
    stdin.off('error', onEnd);
    stdin.pause();
  };
}
