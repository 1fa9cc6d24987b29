import { spawn, type ChildProcess } from 'node:child_process';
import type { ServerChannel } from 'ssh2';

/** The commands that were begun and have not ended. */
export class RunningCommands {
  readonly #children = new Set<ChildProcess>();

  get pids(): readonly number[] {
    return [...this.#children].flatMap((child) => child.pid ?? []);
  }

  /**
   * Runs `sh -c command` on the channel and sends its exit status when its output has ended. As with a real server, a
   * channel that is closed by the other side leaves the command running.
   */
  begin(command: string, channel: ServerChannel): void {
    const child = spawn('sh', ['-c', command], { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#children.add(child);
    // Whoever does not read to the end, on either side, is no concern of the other.
    for (const stream of [child.stdin, channel, channel.stderr]) stream.on('error', () => undefined);
    channel.pipe(child.stdin);
    child.stdout.pipe(channel, { end: false });
    child.stderr.pipe(channel.stderr, { end: false });
    channel.on('close', () => {
      child.stdout.resume();
      child.stderr.resume();
    });
    child.on('error', (error) => {
      this.#children.delete(child);
      channel.stderr.write(`sh: ${error.message}\n`);
      channel.exit(127);
      channel.end();
    });
    child.on('close', (code, signal) => {
      this.#children.delete(child);
      if (signal === null) channel.exit(code ?? 255);
      else channel.exit(signal.replace('SIG', ''));
      channel.end();
    });
  }

  /** Ends every command with all that it started and stayed in its process group. */
  kill(): void {
    for (const pid of this.pids) {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It ended by itself in this moment.
      }
    }
  }
}
