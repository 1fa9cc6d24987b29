/** Every way in which the adapters fail, with secrets in their hands: real servers that say no, and useless ones. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, inspect } from 'node:util';
import type { RpcEndpoint, SshTarget } from '../../../src/domain/cluster.ts';
import type { ErrorCode } from '../../../src/domain/errors.ts';
import { Secret } from '../../../src/domain/secret.ts';
import { dialTcp } from '../../../src/freeswitch/dial-tcp.ts';
import { FreeswitchNode } from '../../../src/freeswitch/freeswitch-node.ts';
import { loadInventory } from '../../../src/inventory/load-inventory.ts';
import { KamailioProxy } from '../../../src/kamailio/kamailio-proxy.ts';
import { createLocalCommand } from '../../../src/local/local-command.ts';
import { createHost } from '../../../src/ssh/host.ts';
import type { HostPort } from '../../../src/workflow/ports.ts';
import { systemClock } from '../../../src/workflow/system-clock.ts';
import { badInventories } from './secret-inventories.ts';
import type { UselessServers } from './secret-servers.ts';
import type { SecretWorld } from './secret-world.ts';

export interface Failure {
  readonly what: string;
  readonly code: ErrorCode;
  /** Rejects with it. */
  readonly act: () => Promise<unknown>;
}

/** Everything that a logger, a debugger or a crash could make of it. */
export function everyView(thing: unknown): string {
  const all = { depth: Infinity, showHidden: true, maxArrayLength: null, maxStringLength: null } as const;
  const views = [
    inspect(thing, all),
    inspect(thing, { ...all, customInspect: false, getters: true }),
    format('%s %o %O %j', thing, thing, thing, thing),
    JSON.stringify(thing),
    String(thing),
  ];
  if (thing instanceof Error) views.push(thing.stack ?? '', thing.message, everyView(thing.cause));
  return views.join('\n');
}

/** Who is there may take their time on a busy machine. */
const TIMEOUTS = { connect: 30_000, request: 30_000, keepalive: 10_000 };
/** What those who are silent are waited for, ms. */
const SILENCE = 2_000;
const quiet = (): AbortSignal => new AbortController().signal;

export function failures(world: SecretWorld, useless: UselessServers): readonly Failure[] {
  return [
    ...proxyFailures(world, useless),
    ...nodeFailures(world, useless),
    ...hostFailures(world, useless),
    ...inventoryFailures(world),
    ...localFailures(world),
  ];
}

function proxyFailures({ guarded, secrets, cluster }: SecretWorld, useless: UselessServers): Failure[] {
  const basic = { username: 'fsha', password: new Secret(secrets.wrong.text) };
  const token = { header: 'X-Api-Key', value: new Secret(secrets.token.text) };
  const query = `key=${encodeURIComponent(secrets.query.text)}`;
  const at = (what: string, code: ErrorCode, url: string, more: Partial<RpcEndpoint> = {}): Failure => ({
    what: `RPC: ${what}`,
    code,
    act: () => {
      const rpc = { url: `${url}?${query}`, basic, token, ...more };
      const proxy = {
        name: 'lb-1',
        rpc,
        frTimer: 1_000,
        list: '/etc/kamailio/dispatcher.list',
        networks: [],
      };
      const isSilent = new URL(url).port === String(useless.silent);
      const timeouts = isSilent ? { ...TIMEOUTS, request: SILENCE } : TIMEOUTS;
      return new KamailioProxy({ proxy, timeouts, clock: systemClock }).login(quiet());
    },
  });
  const local = (port: number): string => `http://${useless.host}:${port}/RPC`;
  const encrypted = guarded.rpcUrl.replace('http:', 'https:');
  const esl = cluster.nodes[0].esl;
  return [
    at('wrong password', 'rpc.auth', guarded.rpcUrl),
    at('connection refused', 'connect.refused', local(useless.nobody)),
    at('no answer', 'timeout', local(useless.silent)),
    at('no HTTP', 'protocol', `http://${esl.host}:${esl.port}/RPC`),
    at('a page that says back what it was sent', 'protocol', local(useless.pageEcho)),
    at('an error that says back what it was sent', 'rpc.error', local(useless.rpcEcho)),
    at('no TLS there', 'connect.tls', encrypted, { tls: { key: new Secret(secrets.notAKey.text) } }),
    at('a token that is none', 'secret', guarded.rpcUrl, {
      token: { header: 'X-Api-Key', value: new Secret(`${secrets.token.text}\u0007`) },
    }),
  ];
}

function nodeFailures({ secrets, cluster }: SecretWorld, useless: UselessServers): Failure[] {
  const [node] = cluster.nodes;
  const at = (what: string, code: ErrorCode, host: string, port: number, tail = ''): Failure => ({
    what: `ESL: ${what}`,
    code,
    act: () =>
      new FreeswitchNode({
        node: 'node-1',
        address: `${host}:${port}`,
        connect: (signal) => dialTcp(host, port, signal),
        password: new Secret(`${secrets.wrong.text}${tail}`),
        timeouts: port === useless.silent ? { ...TIMEOUTS, connect: SILENCE } : TIMEOUTS,
        clock: systemClock,
      }).login(quiet()),
  });
  const { host, nobody, silent, eslEcho, eslHangUp } = useless;
  return [
    at('wrong password', 'esl.auth', node.esl.host, node.esl.port),
    at('connection refused', 'connect.refused', host, nobody),
    at('no answer', 'connect.timeout', host, silent),
    at('SSH there', 'protocol', cluster.ssh.jump.host, cluster.ssh.jump.port),
    at('somebody who says back what he hears', 'protocol', host, eslEcho),
    at('hung up at the password', 'connection.lost', host, eslHangUp),
    at('a password of two lines', 'secret', node.esl.host, node.esl.port, '\nexit'),
  ];
}

function hostFailures({ secrets, cluster, ssh }: SecretWorld, useless: UselessServers): Failure[] {
  const { directory, ssh: servers } = cluster;
  const stranger = join(directory, 'no_known_hosts');
  writeFileSync(stranger, '');
  const passphrase = new Secret(secrets.passphrase.text);
  const { host, port } = servers.jump;
  const { user, identityFile, knownHostsFile } = ssh;
  const target: SshTarget = { user, identityFile, knownHostsFile, host, port, passphrase };
  const at = (
    what: string,
    code: ErrorCode,
    changes: Partial<SshTarget>,
    act: (one: HostPort) => Promise<unknown> = (one) => one.login(quiet()),
  ): Failure => ({
    what: `SSH: ${what}`,
    code,
    act: async () => {
      const one = createHost({
        ...{ timeouts: TIMEOUTS, env: process.env, home: '/nowhere' },
        where: 'node-1',
        target: { ...target, ...changes },
      });
      try {
        return await act(one);
      } finally {
        await one.close();
      }
    },
  });
  const echo = `echo there; sleep 3`;
  return [
    at('wrong passphrase', 'ssh.key', { passphrase: new Secret(secrets.wrong.text) }),
    at('a file that is no key', 'ssh.key', { identityFile: join(directory, 'not-a-key') }),
    at('no such key', 'ssh.key', { identityFile: join(directory, 'none') }),
    at('a key that is not let in', 'ssh.auth', { identityFile: servers.jump.hostKeyFile }),
    at('a host that nobody knows', 'ssh.host-key-unknown', { knownHostsFile: stranger }),
    at('connection refused', 'connect.refused', { host: useless.host, port: useless.nobody }),
    at('a command that takes too long', 'timeout', {}, (one) => one.run(echo, 500, quiet())),
    at('a tunnel to nobody', 'connect.refused', {}, (one) => one.dial(useless.host, useless.nobody, quiet())),
  ];
}

function inventoryFailures(world: SecretWorld): Failure[] {
  const ofSecrets = /two lines|everybody/;
  return badInventories(world).map(({ what, path, env }) => ({
    what: `inventory: ${what}`,
    code: ofSecrets.test(what) ? 'secret' : 'inventory',
    act: () => loadInventory(path, { env: { SECRET_ESL: 'x', ...env }, home: '/', cwd: '/' }),
  }));
}

function localFailures({ secrets }: SecretWorld): Failure[] {
  const { text } = secrets.wrong;
  const command = `true ${text.repeat(10_000)}`;
  return [
    {
      what: 'a command that is too long for the machine',
      code: 'hook.failed',
      act: () => createLocalCommand().run(command, { A: text }, 5_000, quiet()),
    },
  ];
}
