/** The user's ssh agent: which keys it holds, and signatures by one of them. */
import type { BaseAgent, KnownPublicKeys, ParsedKey } from 'ssh2';
import type { Duplex } from 'node:stream';
import { loadSsh2 } from './load-ssh2.ts';

export interface SshAgent {
  readonly keys: readonly ParsedKey[];
  /** An agent that holds this one key only: so each try at the server is one key, and can be named. */
  withOnly(key: ParsedKey): BaseAgent<ParsedKey>;
  /** Ends what still waits for the agent, which may ask a person before it signs. */
  close(): void;
}

/** @throws Error where the agent does not answer, or `ended` fires */
export async function openAgent(socketPath: string, ended: AbortSignal): Promise<SshAgent> {
  const { OpenSSHAgent } = await loadSsh2();
  const streams = new Set<Duplex>();
  let closed = false;

  class TrackedAgent extends OpenSSHAgent {
    override getStream(callback: (error?: Error | null, stream?: Duplex) => void): void {
      super.getStream((error, stream) => {
        if (stream !== undefined) {
          streams.add(stream);
          stream.once('close', () => streams.delete(stream));
          // It was under way when the others were closed.
          if (closed) stream.destroy();
        }
        callback(error, stream);
      });
    }
  }

  class OneKeyAgent extends TrackedAgent {
    readonly #key: ParsedKey;

    constructor(key: ParsedKey) {
      super(socketPath);
      this.#key = key;
    }

    override getIdentities(callback: (error?: Error | null, keys?: ParsedKey[]) => void): void {
      callback(null, [this.#key]);
    }
  }

  const close = (): void => {
    closed = true;
    streams.forEach((stream) => void stream.destroy());
  };
  const keys = await new Promise<readonly ParsedKey[]>((resolve, reject) => {
    const onAbort = (): void => {
      close();
      reject(new Error('the wait for the agent was ended'));
    };
    if (ended.aborted) {
      onAbort();
      return;
    }
    ended.addEventListener('abort', onAbort, { once: true });
    new TrackedAgent(socketPath).getIdentities((error, found) => {
      ended.removeEventListener('abort', onAbort);
      if (error) reject(error);
      else resolve((found ?? []).filter(isParsedKey));
    });
  });
  return { keys, withOnly: (key) => new OneKeyAgent(key), close };
}

function isParsedKey(key: KnownPublicKeys<ParsedKey>[number]): key is ParsedKey {
  return typeof key === 'object' && 'getPublicSSH' in key;
}
