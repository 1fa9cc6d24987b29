import { createConnection } from 'node:net';

export interface EslAddress {
  readonly host: string;
  readonly port: number;
  readonly password: string;
}

/**
 * One `api` command on a connection of its own, written and read by hand so that nothing of fsha's is between.
 * @returns the body of the answer as it came, an `-ERR …` as well
 * @throws when ESL is not there, lets nobody in, or has not answered within `timeoutMs`
 */
export function rawEsl(address: EslAddress, command: string, timeoutMs = 3_000): Promise<string> {
  const { host, port, password } = address;
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host, port });
    let input: Buffer = Buffer.alloc(0);
    const finish = (error?: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      if (error) reject(error);
    };
    const timer = setTimeout(
      () => finish(new Error(`no answer to "${command}" within ${timeoutMs} ms`)),
      timeoutMs,
    );
    socket.on('error', finish);
    socket.on('close', () => finish(new Error(`ESL closed before it answered "${command}"`)));
    socket.on('data', (chunk: Buffer) => {
      input = Buffer.concat([input, chunk]);
      for (let frame = cutFrame(input); frame !== undefined; frame = cutFrame(input)) {
        input = frame.rest;
        const type = /^content-type: *(.*)$/im.exec(frame.head)?.[1] ?? '';
        if (type === 'auth/request') socket.write(`auth ${password}\n\n`);
        else if (type === 'api/response') {
          resolve(frame.body);
          finish();
          return;
        } else if (type === 'command/reply' && frame.head.includes('Reply-Text: +OK')) {
          socket.write(`api ${command}\n\n`);
        } else {
          finish(new Error(`ESL said ${frame.head.replaceAll('\n', ' | ')} ${frame.body}`));
          return;
        }
      }
    });
  });
}

function cutFrame(input: Buffer): { head: string; body: string; rest: Buffer } | undefined {
  const end = input.indexOf('\n\n');
  if (end < 0) return undefined;
  const head = input.subarray(0, end).toString('utf8');
  const length = Number(/^content-length: *(\d+)$/im.exec(head)?.[1] ?? 0);
  const from = end + 2;
  if (input.length < from + length) return undefined;
  return {
    head,
    body: input.subarray(from, from + length).toString('utf8'),
    rest: input.subarray(from + length),
  };
}
