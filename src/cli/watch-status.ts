/** `fsha status --watch`: everything read over and over, on the screen or in lines, until somebody ends it. */
import type { Cluster } from '../domain/cluster.ts';
import { formatDuration, parseDuration } from '../domain/duration.ts';
import { errorInfo, FshaError, isInterruption } from '../domain/errors.ts';
import { EXIT, type ExitCode } from '../domain/exit-codes.ts';
import type { Observation } from '../domain/observation.ts';
import type { RunNotes } from '../domain/run-notes.ts';
import { statusTable } from '../output/status-table.ts';
import { inTurn } from '../workflow/in-turn.ts';
import { Watcher } from '../workflow/watcher.ts';
import { type Call, textOption, wantsColor } from './command.ts';
import { compose } from './compose.ts';
import { HeldWords } from './held-words.ts';
import type { Output } from './host.ts';
import { inventoryOf } from './inventory-of.ts';
import { type RunsWatch, runsWatchOf } from './runs-watch.ts';
import { listen, type Stop } from './signals.ts';
import { wantsScreen } from './views.ts';
import { writeStatusLines } from './status-lines.ts';

/** Hundreds of nodes are not to be asked more often, ms. */
const LEAST_POLL = 1_000;

interface Watch {
  readonly call: Call;
  readonly cluster: Cluster;
  readonly poll: number;
  readonly watcher: Watcher;
  readonly runs: RunsWatch;
  readonly stop: Stop;
  /** Fires when it is over, for whichever reason. */
  readonly over: AbortController;
  readonly words: HeldWords;
}

/**
 * Exits 0 where the person left by a key or the reader of its output is gone; 130, 143, 129 where a signal ended it. What
 * is unknown is shown, and is no failure of a watch.
 * @throws FshaError `usage` for a poll that is none
 */
export async function watchStatus(call: Call): Promise<ExitCode> {
  const { host } = call;
  const cluster = await inventoryOf(call);
  const poll = pollOf(call, cluster);
  const isScreen = wantsScreen(call);
  // A watch whose terminal is gone is watched by nobody.
  const stop = listen(host, 'restore');
  const over = overWith(stop, host.stdout);
  const words = new HeldWords(host.stderr, isScreen);
  const { world, close } = compose(cluster, isScreen ? { ...call, host: { ...host, stderr: words } } : call);
  const nodes = inTurn([...world.nodes.values()], host.clock, poll);
  const watcher = new Watcher(nodes, [...world.proxies.values()], host.clock, poll);
  const runs = runsWatchOf(call, cluster);
  const watch: Watch = { call, cluster, poll, watcher, runs, stop, over, words };
  watcher.start();
  const faults = faultsOf(watch);
  // Heard below, once the screen is gone.
  faults.catch(() => undefined);
  try {
    if (!isScreen || !(await onScreen(watch))) await inLines(watch);
    over.abort();
    await faults;
    return exitOf(stop);
  } finally {
    over.abort();
    words.release();
    await Promise.race([watcher.stop().then(close), whenFired(stop.leave)]);
    stop.dispose();
  }
}

function pollOf(call: Call, cluster: Cluster): number {
  const text = textOption(call, 'poll');
  if (text === undefined) return Math.max(LEAST_POLL, cluster.drain.poll);
  const poll = parseDuration(text);
  if (poll !== undefined && poll >= LEAST_POLL) return poll;
  throw new FshaError(
    'usage',
    `--poll ${text} ${poll === undefined ? 'is not a duration' : 'is too often'}`,
    `Write it with units, 5s for example, and at least ${formatDuration(LEAST_POLL)}.`,
  );
}

function overWith(stop: Stop, stdout: Output): AbortController {
  const over = new AbortController();
  const end = (): void => over.abort();
  stop.signal.addEventListener('abort', end, { once: true });
  if (stop.signal.aborted) end();
  stdout.once('close', end);
  stdout.on('error', end);
  return over;
}

/** Resolves when the watch is over. @throws what a reading threw: a bug, and never silence */
async function faultsOf({ watcher, runs, cluster, over }: Watch): Promise<void> {
  const everything = {
    nodes: cluster.nodes.map(({ name }) => name),
    proxies: cluster.proxies.map(({ name }) => name),
  };
  try {
    await Promise.all([
      // Nothing is ever read at this time: what ends the wait is the end, or a reading that throws.
      watcher.since(Number.POSITIVE_INFINITY, everything, over.signal),
      runs.keepLooking(() => watcher.latest(), over.signal),
    ]);
  } catch (error) {
    over.abort();
    if (!isInterruption(error)) throw error;
  }
}

/** @returns whether it was watched to its end; false where the screen failed while there is still somebody who watches */
async function onScreen({ call, cluster, poll, watcher, runs, stop, over, words }: Watch): Promise<boolean> {
  const { host } = call;
  const [{ statusScene }, { openScreen }] = await Promise.all([
    import('../tui/status-scene.ts'),
    import('../tui/open-screen.ts'),
  ]);
  const failed = new AbortController();
  const screen = await openScreen({
    scene: statusScene({
      cluster,
      poll,
      observe: () => watcher.latest(),
      runs: () => runs.latest(),
      onLeave: (by) => {
        if (by === 'ctrl-c') stop.interrupt();
        else over.abort();
      },
    }),
    stdout: host.stdout,
    stdin: host.stdin,
    colour: wantsColor(call),
    clock: host.clock,
    isForeground: host.isForeground,
    onFailure: (error) => {
      words.write(`fsha: the screen failed and is gone (${errorInfo(error).message}); from here on lines\n`);
      failed.abort();
    },
  });
  await Promise.race([whenFired(over.signal), whenFired(failed.signal)]);
  await screen.close();
  words.release();
  if (failed.signal.aborted) return over.signal.aborted;
  if (stop.interruption() !== 'SIGHUP') writeTable(cluster, watcher.latest(), runs.latest(), host.stdout);
  return true;
}

/** The last state stays where it can be scrolled back to. */
function writeTable(cluster: Cluster, observation: Observation, runs: RunNotes | null, stdout: Output): void {
  for (const line of statusTable(cluster, observation, stdout.columns ?? 80, runs)) stdout.write(`${line}\n`);
}

async function inLines({ call, cluster, poll, watcher, runs, over }: Watch): Promise<void> {
  const { host, globals } = call;
  const lost = await writeStatusLines({
    cluster,
    watcher,
    runs,
    poll,
    clock: host.clock,
    out: host.stdout,
    form: globals.json ? 'json' : globals.quiet ? 'quiet' : 'lines',
    signal: over.signal,
  });
  if (lost > 0) host.stderr.write(`fsha: ${lost} lines found no reader\n`);
}

function exitOf(stop: Stop): ExitCode {
  switch (stop.interruption()) {
    case 'SIGINT':
      return EXIT.interrupted;
    case 'SIGTERM':
      return EXIT.terminated;
    case 'SIGHUP':
      return EXIT.hangup;
    case null:
      return EXIT.done;
  }
}

function whenFired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
}
