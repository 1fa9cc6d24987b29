import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { allStopped, processGroup } from './processes.ts';

/** One line of Kamailio's dispatcher.list. */
export interface KamailioDestination {
  readonly set: number;
  readonly uri: string;
  /** 1 inactive, 2 trying, 4 disabled, 8 probing. */
  readonly flags?: number;
  readonly priority?: number;
  /** As they stand in the file: `duid=fs1;weight=50`. */
  readonly attrs?: string;
}

export interface KamailioOptions {
  /** The address it listens on, SIP on UDP 5060 and JSON-RPC on TCP 8080: one of a lab network, so that no two runs meet. */
  readonly host: string;
  readonly destinations: readonly KamailioDestination[];
  /** ds_probing_mode, default 1 as in the reference system. */
  readonly probingMode?: 0 | 1 | 2 | 3;
  /** ds_ping_interval in seconds, default 1; 0 switches pinging off. */
  readonly pingInterval?: number;
  /** ds_probing_threshold, default 2. */
  readonly probingThreshold?: number;
  /** ds_inactive_threshold, default 1. */
  readonly inactiveThreshold?: number;
  /** LATENCY in dispatcher.list, default true. */
  readonly latencyStats?: boolean;
  /** ds_hash_size, that is RUNTIME in dispatcher.list, default 8; 0 leaves it out. */
  readonly hashSize?: number;
  /** tm's fr_timer in milliseconds, default 2000. It is how long an OPTIONS ping waits, too. */
  readonly frTimer?: number;
  /** The failure route does `ds_mark_dst("ip")`, default false: it overwrites the state disabled. */
  readonly marksFailures?: boolean;
  /** The failure route walks on without asking whether the next destination is still active, default false. */
  readonly failsOverBlindly?: boolean;
  /** Basic authentication on the RPC. */
  readonly basic?: { readonly username: string; readonly password: string };
  /** Listen for kamcmd, too, default false. */
  readonly kamcmd?: boolean;
  /** Further `modparam(…)` lines. */
  readonly modparams?: readonly string[];
}

export interface RunningKamailio {
  readonly rpcUrl: string;
  readonly sip: { readonly host: string; readonly port: number };
  /** For `kamcmd -s`, where that was asked for. */
  readonly kamcmdSocket: string;
  readonly pid: number;
  /** Its dispatcher list. */
  readonly listFile: string;
  /** Ends it and starts it anew on the same list: every state comes from the file again. */
  restart(): Promise<void>;
  /** Ends it; its files stay, so that `up` can start it again on the same addresses. */
  down(): Promise<void>;
  /** Starts it again after `down`; nothing where it runs. */
  up(): Promise<void>;
  /** SIGSTOP for all its processes: connections are accepted by the kernel, and nothing is ever said. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Ends it for good and removes its files. */
  stop(): Promise<void>;
  /** What it wrote since it was first started. */
  log(): string;
}

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 5_000;

/**
 * Starts a real Kamailio as a dispatcher proxy in a process group of its own and returns when it answers on its RPC.
 *
 * @throws Error with Kamailio's own log when it does not come up within 20 s
 */
export async function startKamailio(options: KamailioOptions): Promise<RunningKamailio> {
  const directory = await mkdtemp(join(tmpdir(), 'fsha-kamailio-'));
  const listFile = join(directory, 'dispatcher.list');
  const configuration = join(directory, 'kamailio.cfg');
  const kamcmdSocket = `unix:${join(directory, 'kamcmd')}`;
  await writeFile(listFile, options.destinations.map(listLine).join(''));
  await writeFile(configuration, kamailioConfiguration(options, listFile, kamcmdSocket));

  const rpcUrl = `http://${options.host}:8080/RPC`;
  let log = '';
  let child = launch();

  function launch(): ChildProcess {
    const started = spawn(
      'kamailio',
      ['-DD', '-E', '-f', configuration, '-Y', directory, '-m', '32', '-M', '8'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      },
    );
    const append = (chunk: Buffer): void => {
      log = (log + chunk.toString('utf8')).slice(-1_000_000);
    };
    started.stdout.on('data', append);
    started.stderr.on('data', append);
    started.on('error', (error) => (log += `${error.message}\n`));
    return started;
  }

  const killNow = (): void => killGroup(child, 'SIGKILL');
  process.once('exit', killNow);

  async function end(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    // What is stopped hears no other signal.
    killGroup(child, 'SIGCONT');
    const timer = setTimeout(() => killGroup(child, 'SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
    killGroup(child, 'SIGKILL');
  }

  async function begin(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) return;
    child = launch();
    await answering(rpcUrl, options, child, () => log);
  }

  try {
    await answering(rpcUrl, options, child, () => log);
  } catch (error) {
    await end();
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
  return {
    rpcUrl,
    sip: { host: options.host, port: 5060 },
    kamcmdSocket,
    listFile,
    get pid() {
      return child.pid ?? 0;
    },
    async restart() {
      await end();
      await begin();
    },
    down: end,
    up: begin,
    // The group is all of it: Kamailio's children stay in the group of the process that was started.
    async freeze() {
      killGroup(child, 'SIGSTOP');
      await allStopped(processGroup(child.pid ?? 0));
    },
    thaw: () => killGroup(child, 'SIGCONT'),
    async stop() {
      process.off('exit', killNow);
      await end();
      await rm(directory, { recursive: true, force: true });
    },
    log: () => log,
  };
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

async function answering(
  rpcUrl: string,
  options: KamailioOptions,
  child: ChildProcess,
  log: () => string,
): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (options.basic !== undefined) {
    headers['authorization'] = `Basic ${base64(`${options.basic.username}:${options.basic.password}`)}`;
  }
  const body = '{"jsonrpc":"2.0","method":"core.version","id":1}';
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) break;
    try {
      const answer = await fetch(rpcUrl, {
        method: 'POST',
        headers,
        body,
        signal: AbortSignal.timeout(2_000),
      });
      await answer.text();
      if (answer.ok) return;
    } catch {
      // Not listening yet.
    }
    await delay(50);
  }
  throw new Error(`Kamailio does not answer on ${rpcUrl}. Its log:\n${log()}`);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function listLine(destination: KamailioDestination): string {
  const { set, uri, flags = 0, priority = 0, attrs } = destination;
  return `${set} ${uri} ${flags} ${priority}${attrs === undefined ? '' : ` ${attrs}`}\n`;
}

function kamailioConfiguration(options: KamailioOptions, listFile: string, kamcmdSocket: string): string {
  const { host, basic } = options;
  const mark = options.marksFailures === true ? 'ds_mark_dst("ip");' : '';
  const whileActive = options.failsOverBlindly === true ? '1 == 1' : 'ds_is_active("1", "$du")';
  const authentication =
    basic === undefined
      ? ''
      : `if ($hdr(Authorization) != "Basic ${base64(`${basic.username}:${basic.password}`)}") {
        append_to_reply("WWW-Authenticate: Basic realm=\\"kamailio\\"\\r\\n");
        xhttp_reply("401", "Unauthorized", "text/plain", "unauthorized\\n");
        exit;
    }`;
  return `#!KAMAILIO
debug=2
log_stderror=yes
children=2
tcp_children=2
auto_aliases=no
listen=udp:${host}:5060
listen=tcp:${host}:8080
tcp_accept_no_cl=yes

loadmodule "kex.so"
loadmodule "corex.so"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "xlog.so"
loadmodule "cfg_rpc.so"
loadmodule "counters.so"
loadmodule "dispatcher.so"
loadmodule "xhttp.so"
loadmodule "jsonrpcs.so"
${options.kamcmd === true ? `loadmodule "ctl.so"\nmodparam("ctl", "binrpc", "${kamcmdSocket}")` : ''}

modparam("jsonrpcs", "transport", 1)
modparam("jsonrpcs", "pretty_format", 0)
modparam("tm", "fr_timer", ${options.frTimer ?? 2000})
modparam("tm", "fr_inv_timer", 120000)
modparam("tm", "failure_reply_mode", 3)
modparam("rr", "append_fromtag", 1)
modparam("dispatcher", "list_file", "${listFile}")
modparam("dispatcher", "flags", 2)
modparam("dispatcher", "ds_ping_method", "OPTIONS")
modparam("dispatcher", "ds_ping_from", "sip:ping@${host}")
modparam("dispatcher", "ds_ping_interval", ${options.pingInterval ?? 1})
modparam("dispatcher", "ds_probing_mode", ${options.probingMode ?? 1})
modparam("dispatcher", "ds_probing_threshold", ${options.probingThreshold ?? 2})
modparam("dispatcher", "ds_inactive_threshold", ${options.inactiveThreshold ?? 1})
modparam("dispatcher", "ds_ping_reply_codes", "class=2")
modparam("dispatcher", "ds_ping_latency_stats", ${options.latencyStats === false ? 0 : 1})
${options.hashSize === 0 ? '' : `modparam("dispatcher", "ds_hash_size", ${options.hashSize ?? 8})`}
${(options.modparams ?? []).join('\n')}

request_route {
    if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
    if (is_method("OPTIONS") && !has_totag()) { sl_send_reply("200", "OK"); exit; }
    if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
    if (!is_method("ACK")) { if (t_precheck_trans()) { t_check_trans(); exit; } t_check_trans(); }
    if (has_totag()) { route(WITHINDLG); exit; }
    if (!is_method("INVITE")) { sl_send_reply("405", "Method Not Allowed"); exit; }
    record_route();
    if (!ds_select_dst(1, 4)) { sl_send_reply("503", "No Media Node"); exit; }
    xlog("L_WARN", "SELECT $ci -> $du\\n");
    t_on_failure("NODE_FAILURE");
    route(RELAY);
}
route[RELAY] { if (!t_relay()) { sl_reply_error(); } exit; }
route[WITHINDLG] {
    if (loose_route()) { route(RELAY); }
    if (is_method("ACK")) { if (t_check_trans()) { route(RELAY); } exit; }
    sl_send_reply("481", "Call/Transaction Does Not Exist");
    exit;
}
failure_route[NODE_FAILURE] {
    if (t_is_canceled()) { exit; }
    if (t_check_status("500|503") || (t_branch_timeout() && !t_branch_replied())) {
        ${mark}
        while (ds_next_dst()) {
            if (${whileActive}) {
                xlog("L_WARN", "FAILOVER $ci -> $du\\n");
                t_on_failure("NODE_FAILURE");
                t_relay();
                exit;
            }
        }
        t_reply("503", "No Media Node");
        exit;
    }
}
event_route[xhttp:request] {
    if (!($hu =~ "^/RPC")) { xhttp_reply("404", "Not Found", "text/plain", "not found\\n"); exit; }
    ${authentication}
    if ($rm != "POST") { xhttp_reply("405", "Method Not Allowed", "text/plain", "POST only\\n"); exit; }
    if (!jsonrpc_dispatch()) {
        xhttp_reply("400", "Bad Request", "application/json",
            '{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse Error"},"id":null}');
    }
    exit;
}
`;
}
