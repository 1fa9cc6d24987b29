import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';

/** Just above Linux's ephemeral range, so that no outgoing connection ever holds it by chance. */
const CLAIM_PORT = 61_000;
const CLAIM_HOST = 254;
const TRIES = 500;

/** A /24 of loopback addresses that belongs to one lab for as long as it is not released. */
export interface LabNetwork {
  /** The first three numbers, such as `127.61.7`. */
  readonly prefix: string;
  /** The address with that last number, 1 to 253. */
  host(last: number): string;
  release(): Promise<void>;
}

/**
 * Claims a 127.x.y.0/24 that no other lab on this machine has. The claim is a bound port, so that it ends with the
 * process, whatever way that ends.
 * @throws when no free network was found in 500 tries, or for any other reason than "address in use"
 */
export async function claimNetwork(): Promise<LabNetwork> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    // x from 1 leaves out 127.0.0 and 127.0.1, where other programs of the machine live.
    const prefix = `127.${randomInt(1, 255)}.${randomInt(0, 256)}`;
    const server = await bind(`${prefix}.${CLAIM_HOST}`);
    if (server) return network(prefix, server);
  }
  throw new Error(`no free 127.x.y.0/24 found in ${TRIES} tries`);
}

function network(prefix: string, server: Server): LabNetwork {
  return {
    prefix,
    host: (last) => `${prefix}.${last}`,
    release: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
      }),
  };
}

function bind(host: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen({ host, port: CLAIM_PORT, exclusive: true }, () => {
      server.unref();
      resolve(server);
    });
  });
}
