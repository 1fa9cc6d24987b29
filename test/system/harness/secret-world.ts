/** Real servers that want every kind of secret there is, the inventory that names them, and the environment of fsha. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningKamailio, startKamailio } from '../../support/real-kamailio.ts';
import { until } from '../../support/until.ts';
import type { Changes } from './deep-merge.ts';
import { type Marker, markerOf, newMarker } from './secret-markers.ts';
import { QUICK } from './quick.ts';
import { type RealCluster, startRealCluster } from './real-cluster.ts';
import { type Recorder, recordProgram, recordRemoteCommands } from './secret-recorders.ts';

/** The third proxy: a real Kamailio that lets in who has its password. */
const USERNAME = 'fsha';

export interface SecretWorld {
  readonly cluster: RealCluster;
  readonly guarded: RunningKamailio;
  readonly secrets: Secrets;
  readonly markers: readonly Marker[];
  /** What the cluster's own inventory has changed in it: secrets of all kinds, from everywhere they may come from. */
  readonly inventory: Changes;
  readonly ssh: ReturnType<typeof sshOf>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where fsha believes its home and the folder for temporary files to be. */
  readonly home: string;
  readonly temporary: string;
  readonly local: readonly Recorder[];
  readonly remote: Recorder;
  readonly stop: () => Promise<void>;
}

type Secrets = ReturnType<typeof newSecrets> & {
  readonly sshKey: Marker;
  readonly tlsKey: Marker;
};

function newSecrets() {
  return {
    rpcPassword: newMarker('RPC password of lb-3'),
    basicPassword: newMarker('RPC password of lb-2'),
    token: newMarker('RPC token of lb-1'),
    query: newMarker('key in the URL of lb-1'),
    passphrase: newMarker('passphrase of the SSH key'),
    redis: newMarker('password of Redis'),
    postgres: newMarker('password in the DSN of PostgreSQL'),
    playbook: newMarker('secret variable of a playbook'),
    wrong: newMarker('password that is wrong'),
    notAKey: newMarker('file that is no key'),
    esl: ['node-1', 'node-2', 'node-3', 'node-4'].map((node) =>
      markerOf(`ESL password of ${node}`, `ClueCon-${node}`),
    ),
  };
}

/** @throws when a server is missing or does not come up */
export async function startSecretWorld(): Promise<SecretWorld> {
  const cluster = await startRealCluster({ via: 'direct', jump: false, quick: true, nodes: 4 });
  let guarded: RunningKamailio | undefined;
  const stop = async (): Promise<void> => {
    await guarded?.stop();
    await cluster.stop();
  };
  try {
    const { directory } = cluster;
    const { identityFile } = cluster.ssh.client;
    const secrets = writeSecrets(directory, identityFile);
    const remote = recordRemoteCommands(join(directory, 'remote'), `${identityFile}.pub`);
    const programs = join(directory, 'bin');
    const local = ['ssh', 'flock'].map((program) => recordProgram(programs, program));
    guarded = await startGuarded(cluster, secrets.rpcPassword);
    const home = join(directory, 'home');
    const temporary = join(directory, 'tmp');
    for (const folder of [home, temporary]) mkdirSync(folder);
    const ssh = sshOf(cluster);
    return {
      cluster,
      guarded,
      secrets,
      markers: Object.values(secrets).flat(),
      inventory: inventoryOf(cluster, guarded, secrets, ssh),
      ssh,
      env: {
        // Nothing but what is said here: what tells its environment is to tell all of it.
        ...Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined])),
        FSHA_DIST: process.env['FSHA_DIST'],
        ...secretsInEnvironment(secrets),
        HOME: home,
        TMPDIR: temporary,
        PATH: `${programs}:${process.env['PATH'] ?? ''}`,
        // Libraries that are talkative when they are asked to be.
        DEBUG: '*',
      },
      home,
      temporary,
      local,
      remote,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Makes the keys and the files that secrets are read from. */
function writeSecrets(directory: string, identityFile: string): Secrets {
  const secrets = newSecrets();
  const encrypted = encryptedKeyPath(directory);
  const tlsKey = join(directory, 'tls.key');
  copyFileSync(identityFile, encrypted);
  // Few rounds: it is opened anew by every fsha that is started.
  const rounds = ['-a', '1'];
  const passphrase = secrets.passphrase.text;
  execFileSync('ssh-keygen', ['-q', '-p', ...rounds, '-P', '', '-N', passphrase, '-f', encrypted]);
  execFileSync('openssl', ['genpkey', '-algorithm', 'RSA', '-out', tlsKey], { stdio: 'ignore' });
  const file = (name: string, text: string): void =>
    writeFileSync(join(directory, name), `${text}\n`, { mode: 0o600 });
  file('lb-2.secret', secrets.basicPassword.text);
  file('wrong.secret', secrets.wrong.text);
  file('not-a-key', secrets.notAKey.text);
  return { ...secrets, sshKey: keyMarker('SSH key', encrypted), tlsKey: keyMarker('TLS key', tlsKey) };
}

async function startGuarded(cluster: RealCluster, password: Marker): Promise<RunningKamailio> {
  const { network, nodes } = cluster;
  const kamailio = await startKamailio({
    ...QUICK.kamailio,
    host: network.host(3),
    destinations: nodes.map((node) => ({ set: 1, uri: node.destination, attrs: `duid=${node.name}` })),
    basic: { username: USERNAME, password: password.text },
  });
  await until('lb-3 has every node active', async () => {
    const basic = Buffer.from(`${USERNAME}:${password.text}`).toString('base64');
    const answer = await fetch(kamailio.rpcUrl, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}`, connection: 'close' },
      body: '{"jsonrpc":"2.0","method":"dispatcher.list","id":1}',
    });
    return (await answer.text()).match(/"FLAGS":\s*"AP"/g)?.length === nodes.length;
  });
  return kamailio;
}

function inventoryOf(
  { proxies, nodes, ssh: { jump, client } }: RealCluster,
  guarded: RunningKamailio,
  secrets: Secrets,
  ssh: ReturnType<typeof sshOf>,
): Changes {
  const dsn = `postgres://fsha:${encodeURIComponent(secrets.postgres.text)}@127.0.0.1/fsha`;
  return {
    proxies: {
      'lb-1': {
        rpc: `${proxies[0].rpcUrl}?key=${encodeURIComponent(secrets.query.text)}`,
        token: { header: 'X-Api-Key', value: { env: 'SECRET_TOKEN' } },
      },
      'lb-2': {
        username: USERNAME,
        password: { file: 'lb-2.secret' },
        via: 'ssh',
        ssh: { ...ssh, host: proxies[1].sip.host },
      },
      'lb-3': {
        rpc: guarded.rpcUrl,
        frTimer: QUICK.frTimer,
        username: USERNAME,
        password: { literal: secrets.rpcPassword.text },
      },
    },
    nodes: {
      'node-1': { esl: { password: { file: null, env: 'SECRET_ESL' }, via: 'ssh' } },
      'node-2': { ssh: { jump: [`${client.user}@${jump.host}:${jump.port}`] } },
      'node-3': { esl: { password: { file: null, literal: nodes[2]?.esl.password } } },
    },
    // Tens of fsha are started at a time, and nobody is silent but where that is asked for: there is no haste.
    timeouts: { connect: '30s', request: '30s' },
    defaults: { ssh },
    drain: { poll: '1s', onOut: { command: 'env; sleep 0.4' } },
    redis: { url: 'redis://127.0.0.1:6379', password: { env: 'SECRET_REDIS' } },
    postgres: { dsn: { literal: dsn } },
  };
}

function sshOf({ directory, ssh: { client } }: RealCluster) {
  const { user, knownHostsFile } = client;
  return {
    user,
    knownHostsFile,
    port: 2222,
    identityFile: encryptedKeyPath(directory),
    passphrase: { env: 'SECRET_PASSPHRASE' },
  };
}

/** Those that the inventory names, and what users have beside them for other programs: the same secrets, in other words. */
export function secretsInEnvironment(secrets: Secrets): Readonly<Record<string, string>> {
  const redis = encodeURIComponent(secrets.redis.text);
  return {
    SECRET_ESL: secrets.esl[0]?.text ?? '',
    SECRET_TOKEN: secrets.token.text,
    SECRET_PASSPHRASE: secrets.passphrase.text,
    SECRET_REDIS: secrets.redis.text,
    CACHE_URL: `redis://:${redis}@127.0.0.1:6379/0`,
    PGPASSWORD: secrets.postgres.text,
  };
}

function encryptedKeyPath(directory: string): string {
  return join(directory, 'id_encrypted');
}

/** A line in the middle of a PEM file. */
function keyMarker(name: string, path: string): Marker {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return markerOf(name, lines[Math.floor(lines.length / 2)] ?? '');
}
