import { createConnection, type NetConnectOpts, type Socket } from 'node:net';

const LONGEST_LINE = 1_048_576;

/** Answers every line that arrives with one line of JSON. An answer that throws becomes `{"ok":false,"error":…}`. */
export function answerLines(socket: Socket, answer: (line: string) => unknown): void {
  let pending = '';
  let turn = Promise.resolve();
  socket.setEncoding('utf8');
  // A client that vanished is no concern of the process it asked.
  socket.on('error', () => socket.destroy());
  socket.on('data', (text: string) => {
    pending += text;
    if (pending.length > LONGEST_LINE) socket.destroy();
    const lines = pending.split('\n');
    pending = lines.pop() ?? '';
    for (const line of lines) {
      if (line.trim() === '') continue;
      turn = turn.then(async () => {
        const reply = await settle(() => answer(line.trim()));
        if (!socket.destroyed) socket.write(`${JSON.stringify(reply)}\n`);
      });
    }
  });
}

async function settle(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return { ok: false, error: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Sends one line and resolves with the JSON of the one line that answers it.
 * @throws when nothing listens, when the connection ends first, or after `timeoutMs` milliseconds
 */
export function askLine(target: NetConnectOpts, line: string, timeoutMs = 5000): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(target);
    const timer = setTimeout(
      () => finish(new Error(`no answer to ${line} within ${timeoutMs} ms`)),
      timeoutMs,
    );
    let text = '';
    function finish(error?: Error): void {
      clearTimeout(timer);
      socket.destroy();
      if (error) reject(error);
    }
    socket.setEncoding('utf8');
    socket.on('connect', () => socket.write(`${line}\n`));
    socket.on('error', (error) => finish(error));
    socket.on('close', () => finish(new Error(`the connection ended before it answered ${line}`)));
    socket.on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end < 0) return;
      try {
        resolve(JSON.parse(text.slice(0, end)));
        finish();
      } catch (error) {
        finish(error instanceof Error ? error : new Error(String(error)));
      }
    });
  });
}
