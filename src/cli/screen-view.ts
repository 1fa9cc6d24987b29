/**
 * A run on the screen. Beside it stand the plain lines, which are written from the moment at which the screen fails or its
 * terminal is gone; the run knows of neither.
 */
import { Writable } from 'node:stream';
import type { Cluster } from '../domain/cluster.ts';
import { errorInfo } from '../domain/errors.ts';
import type { RunEvent } from '../domain/run-events.ts';
import type { EventView } from '../output/ndjson.ts';
import { plainLines } from '../output/plain-lines.ts';
import { runReport } from '../output/run-report.ts';
import { SummaryEvents } from '../output/summary-events.ts';
import type { LiveRun } from '../tui/live-run.ts';
import type { Screen } from '../tui/open-screen.ts';
import type { RunScene } from '../tui/run-scene.ts';
import { type Call, wantsColor } from './command.ts';
import type { HeldWords } from './held-words.ts';

export interface ScreenViewOptions {
  readonly call: Call;
  /** null where the run is another process's. */
  readonly live: LiveRun | null;
  readonly cluster: Cluster;
  /** What is kept back from stderr while the screen is there. */
  readonly words: HeldWords;
  /** Somebody wants to leave a run that is only followed. */
  readonly onLeave: (by: 'key' | 'ctrl-c') => void;
}

/** What is on the screen while it goes on; at its end the terminal is as it was, and the summary stays. */
export function screenView({ call, live, cluster, words, onLeave }: ScreenViewOptions): EventView {
  const { host } = call;
  const gate = new Gate(host.stdout);
  const plain = plainLines({ out: gate, colour: wantsColor(call), amount: 'normal' });
  const events = new SummaryEvents();
  let scene: RunScene | null = null;
  let screen: Screen | null = null;
  const missed: RunEvent[] = [];
  let closed = false;

  const fail = (error: unknown): void => {
    // At its end the report says it all.
    if (gate.open || closed) return;
    gate.open = true;
    words.write(
      `fsha: the screen failed and is gone (${errorInfo(error).message}); from here on plain lines\n`,
    );
    words.release();
  };
  const opening = open().catch(fail);

  async function open(): Promise<void> {
    const [{ runScene }, { openScreen }] = await Promise.all([
      import('../tui/run-scene.ts'),
      import('../tui/open-screen.ts'),
    ]);
    if (closed) return;
    scene = runScene({ live, cluster, clock: host.clock, onLeave, refresh: () => screen?.refresh() });
    for (const event of missed.splice(0)) scene.onEvent(event);
    screen = await openScreen({
      scene,
      stdout: host.stdout,
      stdin: host.stdin,
      colour: wantsColor(call),
      clock: host.clock,
      onFailure: fail,
      isForeground: host.isForeground,
    });
  }

  return {
    onEvent: (event) => {
      events.note(event);
      plain.onEvent(event);
      if (gate.open) return;
      if (scene === null) {
        missed.push(event);
        return;
      }
      try {
        scene.onEvent(event);
      } catch (error) {
        void screen?.close().catch(() => undefined);
        fail(error);
      }
      screen?.refresh();
    },
    onPast: (event) => {
      events.note(event);
      plain.onPast(event);
      // Before the screen is there: nothing was awaited yet.
      missed.push(event);
    },
    close: async (deadline) => {
      closed = true;
      await opening;
      scene?.dispose();
      await screen?.close();
      words.release();
      if (!gate.open) {
        for (const line of runReport(events.all, { verbose: false, width: host.stdout.columns ?? 80 }))
          host.stdout.write(`${line}\n`);
      }
      return plain.close(deadline);
    },
  };
}

/** Lets nothing through until it is opened. */
class Gate extends Writable {
  open = false;
  readonly #out: Writable;

  constructor(out: Writable) {
    super({ decodeStrings: false });
    this.#out = out;
  }

  override _write(chunk: string | Buffer, _encoding: string, done: () => void): void {
    // A reader that stalls is waited for; one that is gone takes everything, and nothing arrives.
    if (!this.open || this.#out.destroyed || this.#out.write(chunk)) done();
    else this.#out.once('drain', done);
  }
}
