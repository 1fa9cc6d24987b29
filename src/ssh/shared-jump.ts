/** One connection to a jump host, for everybody whose way leads through it. */
import type { SshConnection } from './connection.ts';
import { SharedWork } from './shared-work.ts';

interface Opened {
  readonly last: SshConnection;
  close(): Promise<void>;
}

type OnProgress = (doing: string) => void;

export class SharedJump {
  readonly #work: SharedWork<Opened>;
  readonly #listeners = new Set<OnProgress>();
  readonly #onEmpty: () => void;
  #doing: string | null = null;
  #users = 0;

  /**
   * @param open opens the connection; ends when its signal fires
   * @param onEmpty called when the last user leaves; from then on nobody may enter
   */
  constructor(open: (onProgress: OnProgress, ended: AbortSignal) => Promise<Opened>, onEmpty: () => void) {
    const onProgress = (doing: string): void => {
      this.#doing = doing;
      this.#listeners.forEach((listener) => listener(doing));
    };
    this.#work = new SharedWork((ended) => open(onProgress, ended));
    this.#onEmpty = onEmpty;
  }

  /** Each holds one channel of it. */
  get users(): number {
    return this.#users;
  }

  /** Whether nobody waits any more for it to be opened: it never will be. */
  get isGivenUp(): boolean {
    return this.#work.isGivenUp;
  }

  /** Takes a place on it; the last one who leaves closes it. Leaving again does nothing. */
  enter(): { leave: () => Promise<void> } {
    this.#users++;
    let stands = true;
    return {
      leave: async () => {
        if (!stands) return;
        stands = false;
        this.#users--;
        if (this.#users === 0) await this.#close();
      },
    };
  }

  /** @throws why it could not be opened, or FshaError `interrupted` when the signal fires first */
  async opened(onProgress: OnProgress, signal: AbortSignal): Promise<Opened> {
    this.#listeners.add(onProgress);
    if (this.#doing !== null) onProgress(this.#doing);
    try {
      return await this.#work.join(signal, 'SSH to a jump host');
    } finally {
      this.#listeners.delete(onProgress);
    }
  }

  async #close(): Promise<void> {
    this.#onEmpty();
    const opened = await this.#work.result();
    await opened?.close();
  }
}
