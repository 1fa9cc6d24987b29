import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ENV, inventoryFolder, inventoryText, refusal } from './inventory-folder.ts';

describe('an inventory with nothing but what has to be there', () => {
  it('has every default', async () => {
    await using folder = await inventoryFolder();
    const text = inventoryText();
    const cluster = await folder.load(text);
    expect(cluster.nodes[0]?.esl.password.reveal()).toBe('ClueCon');
    expect(JSON.parse(JSON.stringify(cluster))).toEqual({
      name: 'voice-eu',
      source: {
        path: join(folder.path, 'fsha.yaml'),
        sha256: createHash('sha256').update(text).digest('hex'),
      },
      state: {
        dir: join(folder.path, 'home/.local/state/fsha'),
        isDefault: true,
        keepRuns: 1_000,
        keepAge: 90 * 24 * 3_600_000,
      },
      timeouts: { connect: 5_000, request: 5_000, keepalive: 5_000 },
      proxies: [
        {
          name: 'lb-1',
          rpc: { url: 'http://10.0.1.5:8080/RPC' },
          frTimer: 30_000,
          list: '/etc/kamailio/dispatcher.list',
          networks: [],
        },
      ],
      nodes: [
        {
          name: 'node-1',
          labels: {},
          destinations: [{ set: 1, uri: 'sip:10.0.1.10:5080' }],
          esl: { host: '10.0.1.10', port: 8021, password: '[secret]', via: 'direct' },
          ssh: { host: '10.0.1.10' },
          sip: { profile: 'external', ip: '10.0.1.10', port: 5080 },
          capacity: { calls: 500, sessions: 1_000, callsPerSecond: 50 },
          restart: { command: 'sudo -n systemctl restart freeswitch', timeout: 90_000 },
        },
      ],
      drain: {
        timeout: 7_200_000,
        poll: 5_000,
        settle: 5_000,
        onTimeout: 'restore',
        threshold: 0,
        fence: 'zero',
        hangupCause: 'NORMAL_CLEARING',
        protect: [],
        protectTimeout: null,
        expendable: [],
        onHangup: 'continue',
      },
      verify: {
        timeout: 120_000,
        profiles: 'same',
        gateways: 'same',
        options: true,
        call: null,
        minSoak: 5_000,
      },
      rolling: {
        maxUnavailable: 1,
        maxFailures: 0,
        pause: 30_000,
        canary: 1,
        headroom: 0.2,
        order: 'inventory',
        dispatch: 'next',
      },
    });
  });

  it('gives no warning', async () => {
    await using folder = await inventoryFolder();
    const warnings: string[] = [];
    await folder.load(inventoryText(), { onWarning: (line) => warnings.push(line) });
    expect(warnings).toEqual([]);
  });
});

describe('where things are, when the inventory does not say', () => {
  it.each([
    [
      'all from the destination',
      "{ destinations: [{ set: 1, uri: 'sip:10.0.1.10:5070' }] }",
      '10.0.1.10 10.0.1.10 10.0.1.10:5070',
    ],
    [
      'ESL through SSH',
      "{ destinations: [{ set: 1, uri: 'sip:10.0.1.10' }], esl: { via: ssh } }",
      '127.0.0.1 10.0.1.10 10.0.1.10:5060',
    ],
    [
      'ESL where SSH is',
      "{ destinations: [{ set: 1, uri: 'sip:10.0.1.10:5080' }], ssh: { host: fs1 } }",
      'fs1 fs1 10.0.1.10:5080',
    ],
    [
      'sip.ip over the URI',
      "{ destinations: [{ set: 1, uri: 'sip:192.0.2.1:5061' }], sip: { ip: 10.0.1.10 } }",
      '10.0.1.10 10.0.1.10 10.0.1.10:5080',
    ],
    [
      'SSH where ESL is',
      '{ destinations: [{ set: 1, duid: fs1 }], esl: { host: 10.0.1.10 } }',
      '10.0.1.10 10.0.1.10 undefined:5080',
    ],
    [
      'IPv6',
      "{ destinations: [{ set: 1, uri: 'sip:[2001:db8::1]:5080' }] }",
      '2001:db8::1 2001:db8::1 2001:db8::1:5080',
    ],
    [
      'the first of several that has a URI',
      "{ destinations: [{ set: 1, duid: a }, { set: 2, uri: 'sip:10.0.1.9:5081' }] }",
      '10.0.1.9 10.0.1.9 10.0.1.9:5081',
    ],
  ])('%s', async (_what, node, expected) => {
    await using folder = await inventoryFolder();
    const [loaded] = (await folder.load(inventoryText({ nodes: `  node-1: ${node}` }))).nodes;
    expect(`${loaded?.esl.host} ${loaded?.ssh.host} ${loaded?.sip.ip}:${loaded?.sip.port}`).toBe(expected);
  });
});

describe('defaults', () => {
  const nodes = `  node-1:
    destinations: [{ set: 1, uri: 'sip:10.0.1.10:5080' }]
  node-2:
    destinations: [{ set: 1, uri: 'sip:10.0.1.11:5080' }]
    esl: { port: 8022, via: direct, password: { literal: other } }
    ssh: { user: root, jump: [] }
    sip: { rtp: [20000, 30000] }
    capacity: { calls: 800 }
    restart: { timeout: 3m }`;
  const defaults = `defaults:
  esl: { password: { env: FSHA_ESL_PASSWORD }, via: ssh }
  ssh: { user: ops, port: 2222, jump: [bastion-1, bastion-2], passphrase: { env: PHRASE } }
  sip: { profile: public, rtp: [16384, 32768] }
  capacity: { callsPerSecond: 20 }`;

  it('lie under every node: maps are merged, lists and secrets replaced', async () => {
    await using folder = await inventoryFolder();
    const text = inventoryText({ nodes, defaults, rest: 'restart: { command: restart-it, timeout: 1m }' });
    const cluster = await folder.load(text, { env: { ...ENV, PHRASE: 'open sesame' } });
    const [first, second] = cluster.nodes;
    expect(JSON.parse(JSON.stringify(first))).toMatchObject({
      esl: { host: '127.0.0.1', port: 8021, via: 'ssh' },
      ssh: { host: '10.0.1.10', user: 'ops', port: 2222, jump: ['bastion-1', 'bastion-2'] },
      sip: { profile: 'public', ip: '10.0.1.10', rtp: [16384, 32768] },
      capacity: { calls: 500, sessions: 1_000, callsPerSecond: 20 },
      restart: { command: 'restart-it', timeout: 60_000 },
    });
    expect(JSON.parse(JSON.stringify(second))).toMatchObject({
      esl: { host: '10.0.1.11', port: 8022, via: 'direct' },
      ssh: { host: '10.0.1.11', user: 'root', port: 2222, jump: [] },
      sip: { profile: 'public', rtp: [20000, 30000] },
      capacity: { calls: 800, sessions: 1_600, callsPerSecond: 20 },
      restart: { command: 'restart-it', timeout: 180_000 },
    });
    expect(first?.esl.password.reveal()).toBe('ClueCon');
    expect(second?.esl.password.reveal()).toBe('other');
    expect(second?.ssh.passphrase?.reveal()).toBe('open sesame');
  });

  it('say a problem of theirs once, at their own place', async () => {
    await using folder = await inventoryFolder();
    const error = await refusal(folder.load(inventoryText({ nodes, defaults }), { env: { PHRASE: 'x' } }));
    expect(error.message).toBe(
      'fsha.yaml:16:27 defaults.esl.password.env: The environment variable FSHA_ESL_PASSWORD is not set.',
    );
  });

  it('can be written with anchors, aliases and merges as well', async () => {
    await using folder = await inventoryFolder();
    const text = inventoryText({
      nodes: `  node-1: &node
    destinations: [{ set: 1, uri: 'sip:10.0.1.10:5080' }]
    capacity: &capacity { calls: 100 }
  node-2: { <<: *node, destinations: [{ set: 1, uri: 'sip:10.0.1.11:5080' }], capacity: { <<: *capacity, callsPerSecond: 5 } }`,
    });
    const { nodes: loaded } = await folder.load(text);
    expect(loaded[1]?.capacity).toEqual({ calls: 100, sessions: 200, callsPerSecond: 5 });
    expect(loaded[1]?.sip.ip).toBe('10.0.1.11');
  });
});

describe('order', () => {
  it('is that of the file, whatever the names look like', async () => {
    await using folder = await inventoryFolder();
    const nodes = ['b', '10', 'a', '2'].map(
      (name, index) => `  ${name}: { destinations: [{ set: 1, uri: 'sip:10.0.1.${index + 1}' }] }`,
    );
    const proxies = "  9: { rpc: 'http://a' }\n  1: { rpc: 'http://b' }";
    const cluster = await folder.load(inventoryText({ nodes: nodes.join('\n'), proxies }));
    expect(cluster.nodes.map(({ name }) => name)).toEqual(['b', '10', 'a', '2']);
    expect(cluster.proxies.map(({ name }) => name)).toEqual(['9', '1']);
  });
});

describe('values', () => {
  it('of every kind are read', async () => {
    await using folder = await inventoryFolder();
    const rest = `drain: { timeout: none, protectTimeout: 1h30m, settle: 0s, protect: ['^(112|911)$'], onOut: { command: stop dialers } }
verify: { call: loopback/9196/public, minSoak: 1m500ms }
rolling: { maxUnavailable: 25%, headroom: 5%, pause: 0s }
redis: { url: 'rediss://10.0.1.7', username: fsha, password: { literal: pw } }
postgres: { dsn: { literal: 'pgsql://hostaddr=10.0.1.8 dbname=fs' } }
state: { dir: ./state, keepRuns: 50, keepAge: 4380h }`;
    const cluster = await folder.load(inventoryText({ rest }));
    expect(cluster.drain).toMatchObject({
      timeout: null,
      protectTimeout: 5_400_000,
      settle: 0,
      protect: ['^(112|911)$'],
    });
    expect(cluster.drain.onOut).toEqual({ command: 'stop dialers', timeout: 30_000 });
    expect(cluster.verify).toMatchObject({ call: 'loopback/9196/public', minSoak: 60_500 });
    expect(cluster.rolling).toMatchObject({ maxUnavailable: '25%', headroom: 0.05, pause: 0 });
    expect(cluster.redis).toMatchObject({
      url: 'rediss://10.0.1.7',
      username: 'fsha',
      keyPattern: 'call:*',
      ttl: 7_200_000,
    });
    expect(cluster.redis?.password?.reveal()).toBe('pw');
    expect(cluster.postgres?.dsn.reveal()).toBe('pgsql://hostaddr=10.0.1.8 dbname=fs');
    expect(cluster.state).toEqual({
      dir: join(folder.path, 'state'),
      keepRuns: 50,
      keepAge: 15_768_000_000,
    });
  });

  it('drain.onOut: its time in milliseconds, and nothing where it is not written', async () => {
    await using folder = await inventoryFolder();
    const rest = 'drain: { onOut: { command: stop dialers, timeout: 1m500ms } }';
    const cluster = await folder.load(inventoryText({ rest }));
    expect(cluster.drain.onOut).toEqual({ command: 'stop dialers', timeout: 60_500 });
    await using other = await inventoryFolder();
    expect((await other.load(inventoryText({}))).drain).not.toHaveProperty('onOut');
  });

  it('paths: ~/ is home, what is relative is so to the inventory', async () => {
    await using folder = await inventoryFolder();
    const node =
      "{ destinations: [{ set: 1, uri: 'sip:fs1' }], ssh: { identityFile: ~/.ssh/id, knownHostsFile: keys/known } }";
    const [loaded] = (await folder.load(inventoryText({ nodes: `  node-1: ${node}` }), { cwd: '/' })).nodes;
    expect(loaded?.ssh.identityFile).toBe(join(folder.path, 'home/.ssh/id'));
    expect(loaded?.ssh.knownHostsFile).toBe(join(folder.path, 'keys/known'));
  });

  it.each([
    [{ XDG_STATE_HOME: '/var/state' }, '/var/state/fsha'],
    [{ XDG_STATE_HOME: 'relative' }, 'HOME/.local/state/fsha'],
    [{}, 'HOME/.local/state/fsha'],
  ])('the state directory with %j is %s', async (env, expected) => {
    await using folder = await inventoryFolder();
    const cluster = await folder.load(inventoryText(), { env: { ...ENV, ...env } });
    expect(cluster.state.dir).toBe(expected.replace('HOME', join(folder.path, 'home')));
  });

  it('a proxy has its credentials, its way and its ssh', async () => {
    await using folder = await inventoryFolder();
    const proxies = `  lb-1: { rpc: 'http://127.0.0.1:8080/RPC', via: ssh, ssh: { host: lb1, user: ops }, username: fsha, password: { literal: pw } }
  lb-2: { rpc: 'http://127.0.0.1:8080/RPC', via: ssh, ssh: { host: lb2 }, token: { header: X-Api-Key, value: { literal: tk } } }
  lb-3: { rpc: 'http://127.0.0.1:8080/RPC', frTimer: 10s, list: /opt/kamailio/list, networks: [10.0.1.0/24, '2001:db8::/32'] }`;
    const [basic, token, direct] = (await folder.load(inventoryText({ proxies }))).proxies;
    expect(basic?.via).toEqual({ host: 'lb1', user: 'ops' });
    expect(basic?.rpc.basic?.username).toBe('fsha');
    expect(basic?.rpc.basic?.password.reveal()).toBe('pw');
    expect(token?.rpc.token?.header).toBe('X-Api-Key');
    expect(token?.rpc.token?.value.reveal()).toBe('tk');
    expect(direct).toEqual({
      name: 'lb-3',
      rpc: { url: 'http://127.0.0.1:8080/RPC' },
      frTimer: 10_000,
      list: '/opt/kamailio/list',
      networks: ['10.0.1.0/24', '2001:db8::/32'],
    });
  });
});

describe('warnings', () => {
  it.each([
    [
      'tls without https',
      { proxies: "  lb-1: { rpc: 'http://a/RPC', tls: {} }" },
      'fsha.yaml:4:32 proxies.lb-1.tls: This has no effect, since rpc is not an https URL.',
    ],
    [
      'ssh without via',
      { proxies: "  lb-1: { rpc: 'http://a/RPC', ssh: { host: a } }" },
      'fsha.yaml:4:32 proxies.lb-1.ssh: This has no effect without via: ssh.',
    ],
    [
      'a timeout that no drain can keep',
      { rest: 'drain: { timeout: 35s }' },
      'fsha.yaml:8:19 drain.timeout: No node counts as empty so soon: the longest frTimer and drain.settle are 35s together.',
    ],
  ])('%s', async (_what, parts, line) => {
    await using folder = await inventoryFolder();
    const warnings: string[] = [];
    await folder.load(inventoryText(parts), { onWarning: (warning) => warnings.push(warning) });
    expect(warnings).toEqual([line]);
  });
});

describe('size', () => {
  it('500 nodes load in less than three seconds', async () => {
    await using folder = await inventoryFolder();
    const nodes = Array.from(
      { length: 500 },
      (_, index) => `  node-${index}:
    labels: { role: edge }
    destinations: [{ set: 1, uri: 'sip:10.0.${index >> 8}.${index & 255}:5080' }]
    ssh: { user: ops, port: 22 }
    capacity: { calls: 500 }`,
    );
    const began = performance.now();
    expect((await folder.load(inventoryText({ nodes: nodes.join('\n') }))).nodes).toHaveLength(500);
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});

describe('a loaded cluster', () => {
  it('shows no secret however it is printed', async () => {
    await using folder = await inventoryFolder();
    const cluster = await folder.load(inventoryText(), { env: { FSHA_ESL_PASSWORD: 'hunter2' } });
    expect(`${JSON.stringify(cluster)}${inspect(cluster, { depth: 20, showHidden: true })}`).not.toContain(
      'hunter2',
    );
  });
});
