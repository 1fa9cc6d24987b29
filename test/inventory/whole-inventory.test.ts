import { describe, expect, it } from 'vitest';
import { inventoryFolder } from './inventory-folder.ts';

/** Every key of the design in one inventory, on as few lines as YAML allows. */
const WHOLE = `version: 1
cluster: voice-eu                          # [a-z0-9][a-z0-9-]*
state: { dir: /var/lib/fsha }              # journals and lock; default $XDG_STATE_HOME/fsha; operators of one host should share it
timeouts: { connect: 5s, request: 5s, keepalive: 5s }
proxies:                                   # every Kamailio that can send calls to the nodes
  lb-1:
    rpc: http://10.0.1.5:8080/RPC          # or https
    frTimer: 30s                           # its tm fr_timer: how long an INVITE under way may still reach a node that is out (default 30s, Kamailio's own)
    networks: [ 10.0.1.0/24 ]              # where its own calls come from, optional
    username: fsha                         # Basic; or token for a header of your choice
    password: { env: FSHA_RPC_PASSWORD }   # or { file: /etc/fsha/rpc.secret } or { literal: … }; a bare string is refused
    tls: { ca: FILE, cert: FILE, key: FILE }
    via: ssh                               # reach the RPC through SSH to this proxy's host
    ssh: { host: 10.0.1.5 }
nodes:
  node-1:
    labels: { role: edge }
    destinations: [ { set: 1, uri: 'sip:10.0.1.10:5080' } ]   # or { set: 1, duid: fs1 }; several where the node is listed several times
    esl: { host: 10.0.1.10, port: 8021, password: { env: FSHA_ESL_PASSWORD }, via: ssh }   # via: ssh → host is as seen from the node, default 127.0.0.1
    ssh: { host: 10.0.1.10, port: 22, user: ops, identityFile: ~/.ssh/id_ed25519, passphrase: { env: FSHA_SSH_PASSPHRASE }, knownHostsFile: ~/.ssh/known_hosts, jump: ['ops@bastion:22'] }
    sip: { profile: external, ip: 10.0.1.10, port: 5080, extIp: 203.0.113.10, rtp: [16384, 32768] }
    capacity: { calls: 500, sessions: 1000, callsPerSecond: 50 }   # sessions default 2 × calls: a bridged call is two
    restart: { command: restart-it, timeout: 2m }    # what differs from the cluster's
defaults: { esl: {}, ssh: {}, sip: {}, capacity: {} }      # under every node; maps merge deep, lists replace
drain:   { timeout: 2h, poll: 5s, settle: 5s, onTimeout: restore, threshold: 0, fence: zero, hangupCause: NORMAL_CLEARING,
           protect: ['^(112|911)$'], protectTimeout: none, expendable: [], onHangup: continue, onOut: { command: … } }   # expendable: calls that may be cut without counting (recorders, keep-alives); onOut: stop dialers
restart: { command: 'sudo -n systemctl restart freeswitch', timeout: 90s }
verify:  { timeout: 2m, profiles: same, gateways: same, options: true, call: none, minSoak: 5s }
rolling: { maxUnavailable: 1, maxFailures: 0, pause: 30s, canary: 1, headroom: 20%, order: inventory, dispatch: next }   # dispatch: how a lost node's share spreads, next (all to one neighbour: hash, algorithm 9) or even
redis:    { url: 'redis://10.0.1.7:6379', password: { env: FSHA_REDIS_PASSWORD }, keyPattern: 'call:*', ttl: 2h }
postgres: { dsn: { env: FSHA_PG_DSN } }
`;

describe('an inventory with everything in it', () => {
  it('loads as it is written', async () => {
    await using folder = await inventoryFolder();
    const warnings: string[] = [];
    const onWarning = (line: string): void => void warnings.push(line);
    const cluster = await folder.load(WHOLE, { secrets: 'leave', onWarning });
    expect(warnings).toEqual([
      'fsha.yaml:12:5 proxies.lb-1.tls: This has no effect, since rpc is not an https URL.',
    ]);
    expect(cluster.nodes[0]?.esl).toMatchObject({ host: '10.0.1.10', port: 8021, via: 'ssh' });
    expect(cluster.nodes[0]?.restart).toEqual({ command: 'restart-it', timeout: 120_000 });
    expect(cluster.proxies[0]?.via?.host).toBe('10.0.1.5');
    expect(cluster.verify.call).toBeNull();
  });
});
