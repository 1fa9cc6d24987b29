/** Every command where nothing is well: each server in a trouble of its own, inventories with mistakes, and bugs. */
import { execFileSync } from 'node:child_process';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { until } from '../../support/until.ts';
import { keptRuns, playbookOf } from './secret-commands.ts';
import { type Changes, deepMerge } from './deep-merge.ts';
import { badInventories } from './secret-inventories.ts';
import type { Lane } from './secret-lane.ts';
import type { UselessServers } from './secret-servers.ts';
import type { SecretWorld } from './secret-world.ts';

/** Wrong passwords, passphrases and keys, refused connections, silence, TLS where there is none, servers that echo. */
export function nothingWell(world: SecretWorld, useless: UselessServers): Changes {
  const { cluster, secrets, guarded, inventory } = world;
  const { directory } = cluster;
  const wrong = { file: 'wrong.secret' };
  const query = `key=${encodeURIComponent(secrets.query.text)}`;
  const at = (port: number): string => `http://${useless.host}:${port}/RPC?${query}`;
  const words = '-x509 -new -days 2 -subj /CN=fsha -key tls.key -out tls.pem';
  execFileSync('openssl', ['req', ...words.split(' ')], { cwd: directory, stdio: 'ignore' });
  const basic = { username: 'fsha', password: wrong };
  return deepMerge(inventory, {
    timeouts: { connect: '1s', request: '500ms' },
    proxies: {
      'lb-1': { rpc: at(useless.nobody) },
      'lb-2': { rpc: at(useless.silent), via: null, ssh: null },
      'lb-3': { password: { literal: null, ...wrong } },
      'lb-4': {
        rpc: guarded.rpcUrl.replace('http:', 'https:'),
        ...basic,
        tls: { cert: 'tls.pem', key: 'tls.key' },
      },
      'lb-5': { rpc: at(useless.pageEcho), ...basic },
      'lb-6': { rpc: at(useless.rpcEcho), ...basic },
    },
    nodes: {
      'node-1': { esl: { via: 'direct', password: { env: null, ...wrong } } },
      'node-2': { esl: { port: useless.nobody }, ssh: { identityFile: join(directory, 'not-a-key') } },
      'node-3': {
        esl: { host: useless.host, port: useless.silent },
        ssh: { identityFile: join(directory, 'none') },
      },
      'node-4': {
        esl: { host: useless.host, port: useless.eslEcho },
        ssh: { passphrase: wrong },
      },
    },
  });
}

/** With the journals of a lane that had a drain killed; `lane` is to be that of a world where nothing is well. */
export async function troubled(lane: Lane): Promise<void> {
  const { node, run, start } = lane;
  cpSync(keptRuns(lane), join(lane.stateDir, 'runs'), { recursive: true });
  const killed = lane.events()[0]?.run ?? '';
  const playbook = playbookOf(lane);
  const watching = await start(['status', '--watch', '--poll', '1s']);
  await Promise.all([
    until('it shows something', () => watching.fsha.stdout() !== '', 40_000),
    run(['status'], [9]),
    run(['doctor'], [13]),
    run(['drain', 'node-4', '--dry-run'], [3]),
  ]);
  watching.fsha.send('SIGINT');
  await watching.end([130]);
  await Promise.all([
    run(['calls', node.name], [9]),
    run(['calls', node.name, '--hangup', '--older-than', '1s', '--yes'], [3]),
    // Not side by side: only one of them has the lock.
    (async () => {
      await run(['drain', 'node-4'], [3]);
      await run(['rolling', 'node-4'], [3]);
      await run(playbook.words, [3], { env: playbook.env });
      await run(['resume', killed, '--force', 'mark'], [3]);
      await run(['deactivate', 'node-4', '--guard'], [3]);
      await run(['activate', 'node-4'], [3]);
    })(),
  ]);
  await Promise.all([run(['runs'], [0]), run(['show', 'last'], [0]), run(['unlock'], [0])]);
}

/** The worst of all inventories. @param calls every command, as it is called */
export async function misread(lane: Lane, calls: readonly (readonly string[])[]): Promise<void> {
  const [worst] = badInventories(lane.world);
  if (worst === undefined) throw new Error('no inventory is bad');
  for (const words of calls) await lane.run(words, [2], { config: worst.path, env: worst.env });
}

/** A bug in whatever connects, and two that nobody hears of, with secrets on them as libraries put them on theirs. */
export function bugs({ cluster, secrets }: SecretWorld): Readonly<Record<string, string>> {
  const file = join(cluster.directory, 'bug.mjs');
  const credentials = {
    password: secrets.wrong.text,
    headers: { Authorization: `Basic ${Buffer.from(`fsha:${secrets.rpcPassword.text}`).toString('base64')}` },
  };
  writeFileSync(
    file,
    `import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
const credentials = ${JSON.stringify(credentials)};
const bug = () => {
  const cause = Object.assign(new Error('auth ' + credentials.password), { config: credentials });
  return Object.assign(new TypeError('a bug', { cause }), { config: credentials, errors: [cause] });
};
const broken = () => {
  throw bug();
};
net.connect = broken;
net.createConnection = broken;
syncBuiltinESMExports();
// Not before the launcher hears of it.
setInterval(() => {
  if (process.listenerCount('uncaughtException') === 0 || globalThis.thrown) return;
  globalThis.thrown = true;
  void Promise.reject(bug());
  setTimeout(broken, 1).unref();
}, 5).unref();
`,
  );
  return { NODE_OPTIONS: `--import ${pathToFileURL(file).href}` };
}
