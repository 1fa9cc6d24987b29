/** An ssh agent inside the test process that holds no keys, and stops answering when it is told to. */
import { createServer, type Socket } from 'node:net';

export interface SpoofAgent {
  readonly path: string;
  /** Questions that have come so far. */
  asked(): number;
  /** Connections that are open now. */
  open(): number;
  close(): Promise<void>;
}

/** SSH_AGENT_IDENTITIES_ANSWER with none (draft-ietf-sshm-ssh-agent, 3.5). */
const NO_KEYS = Buffer.from([0, 0, 0, 5, 12, 0, 0, 0, 0]);

/** @param answers how many questions it answers before it falls silent */
export async function startSpoofAgent(path: string, answers: number): Promise<SpoofAgent> {
  const sockets = new Set<Socket>();
  let asked = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', () => {
      asked++;
      if (asked <= answers) socket.write(NO_KEYS);
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    path,
    asked: () => asked,
    open: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        sockets.forEach((socket) => socket.destroy());
      }),
  };
}
