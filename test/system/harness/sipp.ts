import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startServer, type ServerProcess } from './server-process.ts';
import { countsIn, longestTimeIn, type SippCounts } from './sipp-counts.ts';
import { callerScenario } from './sipp-scenario.ts';

export interface SippOptions {
  /** For its scenario, statistics and error log; they stay there. */
  readonly directory: string;
  /** The address it calls from, one of the lab's network that nobody else uses. */
  readonly from: string;
  /** Where the calls go: a proxy, or a node itself. */
  readonly proxy: { readonly host: string; readonly port: number };
  readonly callsPerSecond: number;
  /** Ends after so many calls; without it, goes on until it is told to finish. */
  readonly calls?: number;
  /** How long a call is held, milliseconds, uniformly between the two. */
  readonly holdMs: readonly [number, number];
  /** Keep how long every call took from its INVITE to its 200. */
  readonly setUpTimes?: boolean;
}

export interface RunningSipp {
  readonly pid: number;
  /** Where it calls from. */
  readonly from: string;
  /** As of its last line of statistics, one a second. Nothing is counted before the first. */
  counts(): SippCounts;
  /** From an INVITE to its 200, of all calls that came up; NaN where there was none or `setUpTimes` was not asked for. */
  longestSetUpMs(): number;
  /** What its error log says: unexpected messages, timeouts. Empty is good. */
  errors(): string;
  /** No new calls; resolves with the counts when those that are up have ended by themselves. */
  finish(): Promise<SippCounts>;
  /** Resolves with the counts when all of `calls` have ended. */
  done(): Promise<SippCounts>;
  /** Ends it at once, calls or not. */
  stop(): Promise<void>;
}

/**
 * Starts SIPp as a caller: INVITE, ACK, hold, BYE, through the proxy, following its Record-Route. An answer that does
 * not come within 10 s or is not the one expected is a failed call.
 */
export async function startSipp(options: SippOptions): Promise<RunningSipp> {
  const times = options.setUpTimes === true ? ['-trace_rtt', '-rtt_freq', '1'] : [];
  const { sipp } = await playScenario(options, callerScenario(options.holdMs), ['-s', '1000', ...times]);
  return sipp;
}

/** SIPp with any scenario, in a folder of its own below `directory`. */
export async function playScenario(
  options: Omit<SippOptions, 'holdMs'>,
  xml: string,
  more: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<{ readonly sipp: RunningSipp; readonly server: ServerProcess; readonly directory: string }> {
  const directory = await mkdtemp(join(options.directory, 'sipp-'));
  const scenario = join(directory, 'caller.xml');
  const statistics = join(directory, 'statistics.csv');
  const errors = join(directory, 'errors.log');
  await writeFile(scenario, xml);
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  const { proxy, from } = options;
  const server = await startServer(
    'sipp',
    [
      `${proxy.host}:${proxy.port}`,
      ...['-sf', scenario, '-i', from, '-p', '5060', '-mi', from],
      ...['-r', String(options.callsPerSecond), '-rp', '1000', '-l', '5000', '-nostdin'],
      // One whose test was killed does not call for ever.
      ...['-timeout', '7200'],
      ...(options.calls === undefined ? [] : ['-m', String(options.calls)]),
      ...['-trace_stat', '-stf', statistics, '-fd', '1', '-trace_err', '-error_file', errors],
      ...more,
    ],
    { debianPackage: 'sip-tester', cwd: directory, env: { ...process.env, TERM: 'dumb' } },
  );

  const counts = (): SippCounts => countsIn(existsSync(statistics) ? readFileSync(statistics, 'utf8') : '');
  const done = async (): Promise<SippCounts> => {
    const code = await server.end;
    // 0: every call was successful; 1: at least one was not; anything else: SIPp itself was in trouble.
    if (code !== 0 && code !== 1) throw new Error(`SIPp ended with ${code}:\n${server.log().slice(-2_000)}`);
    return counts();
  };
  const sipp: RunningSipp = {
    pid: server.pid,
    from,
    counts,
    longestSetUpMs() {
      const file = readdirSync(directory).find((name) => name.endsWith('_rtt.csv'));
      return file === undefined ? Number.NaN : longestTimeIn(readFileSync(join(directory, file), 'utf8'));
    },
    errors: () => (existsSync(errors) ? readFileSync(errors, 'utf8') : ''),
    finish() {
      // SIPp's "stop when the calls have ended".
      server.signal('SIGUSR1');
      return done();
    },
    done,
    stop: () => server.stop(),
  };
  return { sipp, server, directory };
}
