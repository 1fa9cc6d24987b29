import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startServer } from './server-process.ts';

export interface SippOptions {
  /** For its scenario, statistics and error log; they stay there. */
  readonly directory: string;
  /** The address it calls from, one of the lab's network that nobody else uses. */
  readonly from: string;
  readonly proxy: { readonly host: string; readonly port: number };
  readonly callsPerSecond: number;
  /** Ends after so many calls; without it, goes on until it is told to finish. */
  readonly calls?: number;
  /** How long a call is held, milliseconds, uniformly between the two. */
  readonly holdMs: readonly [number, number];
}

export interface SippCounts {
  readonly created: number;
  readonly current: number;
  readonly successful: number;
  readonly failed: number;
}

export interface RunningSipp {
  readonly pid: number;
  /** As of its last line of statistics, one a second. Nothing is counted before the first. */
  counts(): SippCounts;
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
  const directory = await mkdtemp(join(options.directory, 'sipp-'));
  const scenario = join(directory, 'caller.xml');
  const statistics = join(directory, 'statistics.csv');
  const errors = join(directory, 'errors.log');
  await writeFile(scenario, callerScenario(options.holdMs));
  const { proxy, from } = options;
  const sipp = await startServer(
    'sipp',
    [
      `${proxy.host}:${proxy.port}`,
      ...['-sf', scenario, '-i', from, '-p', '5060', '-mi', from, '-s', '1000'],
      ...['-r', String(options.callsPerSecond), '-rp', '1000', '-l', '5000', '-nostdin'],
      ...(options.calls === undefined ? [] : ['-m', String(options.calls)]),
      ...['-trace_stat', '-stf', statistics, '-fd', '1', '-trace_err', '-error_file', errors],
    ],
    { debianPackage: 'sip-tester', cwd: directory, env: { ...process.env, TERM: 'dumb' } },
  );

  const counts = (): SippCounts => lastCounts(existsSync(statistics) ? readFileSync(statistics, 'utf8') : '');
  const done = async (): Promise<SippCounts> => {
    const code = await sipp.end;
    // 0: every call was successful; 1: at least one was not; anything else: SIPp itself was in trouble.
    if (code !== 0 && code !== 1) throw new Error(`SIPp ended with ${code}:\n${sipp.log().slice(-2_000)}`);
    return counts();
  };
  return {
    pid: sipp.pid,
    counts,
    errors: () => (existsSync(errors) ? readFileSync(errors, 'utf8') : ''),
    finish() {
      // SIPp's "stop when the calls have ended".
      sipp.signal('SIGUSR1');
      return done();
    },
    done,
    stop: () => sipp.stop(),
  };
}

/** The counts in the last whole line of a `-trace_stat` file. */
function lastCounts(csv: string): SippCounts {
  const lines = csv.slice(0, csv.lastIndexOf('\n') + 1).split('\n');
  const names = (lines[0] ?? '').split(';');
  const values = (lines.filter((line) => line !== '').at(-1) ?? '').split(';');
  const column = (name: string): number => {
    const value = values[names.indexOf(name)];
    if (lines.length <= 2 || value === undefined) return 0;
    if (!/^\d+$/.test(value)) throw new Error(`SIPp's statistics: ${name} is ${value}`);
    return Number(value);
  };
  return {
    created: column('TotalCallCreated'),
    current: column('CurrentCall'),
    successful: column('SuccessfulCall(C)'),
    failed: column('FailedCall(C)'),
  };
}

function callerScenario([shortest, longest]: readonly [number, number]): string {
  const inDialog = (method: string, sequence: number): string => `<![CDATA[
${method} [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
[routes]
Max-Forwards: 70
From: "caller" <sip:caller@[local_ip]:[local_port]>;tag=[pid]SIPpTag[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: ${sequence} ${method}
Content-Length: 0

]]>`;
  return `<?xml version="1.0" encoding="ISO-8859-1" ?>
<!DOCTYPE scenario SYSTEM "sipp.dtd">
<scenario name="caller">
  <send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
Max-Forwards: 70
From: "caller" <sip:caller@[local_ip]:[local_port]>;tag=[pid]SIPpTag[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:caller@[local_ip]:[local_port]>
Content-Type: application/sdp
Content-Length: [len]

v=0
o=caller 53655765 2353687637 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
]]></send>
  <recv response="100" optional="true"/>
  <recv response="180" optional="true"/>
  <recv response="183" optional="true"/>
  <recv response="200" rrs="true" timeout="10000"/>
  <send>${inDialog('ACK', 1)}</send>
  <pause distribution="uniform" min="${shortest}" max="${longest}"/>
  <send retrans="500">${inDialog('BYE', 2)}</send>
  <recv response="200" timeout="10000"/>
</scenario>
`;
}
