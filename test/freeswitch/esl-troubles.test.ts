/** ESL in trouble in the middle of a run: what is read then is unknown with the reason, and comes back by itself. */
import { describe, expect, test } from 'vitest';
import { known, type NodeObservation } from '../../src/domain/observation.ts';
import type { FreeswitchNode } from '../../src/freeswitch/freeswitch-node.ts';
import type { NodeActivity } from '../../src/workflow/ports.ts';
import { until } from '../support/until.ts';
import { failure, never, spoof } from './esl-client.ts';
import { nodeAt } from './node-client.ts';
import { answering, STATUS_JSON } from './scripted-node.ts';
import {
  ACCEPTED,
  commandReply,
  GREETING,
  jsonEvent,
  PASSWORD,
  type Peer,
  type SpoofEslServer,
} from './spoof-esl-server.ts';

type Mood = 'well' | 'silent' | 'slow' | 'resets' | 'password' | 'acl';

const EVENTS = 'event json CHANNEL_CREATE CHANNEL_DESTROY SHUTDOWN';
const DESTROYED = jsonEvent({ 'Event-Name': 'CHANNEL_DESTROY' });
const GOODBYE = 'Content-Type: text/disconnect-notice\nContent-Length: 0\n\n';
const REJECTED = 'Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n';
/** Long enough for an answer on a busy machine, short enough to wait for its passing. */
const REQUEST = 600;

class Stage {
  mood: Mood = 'well';
  readonly heard: NodeActivity[] = [];
  readonly #answer = answering({ 'fsctl pause inbound': '+OK\n' });
  #started: { readonly server: SpoofEslServer; readonly node: FreeswitchNode } | null = null;

  static async begin(): Promise<Stage> {
    const stage = new Stage();
    const server = await spoof({
      login: false,
      connected: (peer) => stage.#connected(peer),
      command: (command, peer) => stage.#command(command, peer),
    });
    const node = nodeAt(server.port, { timeouts: { connect: REQUEST, request: REQUEST, keepalive: 5_000 } });
    node.onActivity((activity) => stage.heard.push(activity));
    stage.#started = { server, node };
    expect((await node.observe('pulse', never)).sessions).toEqual(known(2));
    await stage.hears();
    return stage;
  }

  get server(): SpoofEslServer {
    if (this.#started === null) throw new Error('the stage was not begun');
    return this.#started.server;
  }

  get node(): FreeswitchNode {
    if (this.#started === null) throw new Error('the stage was not begun');
    return this.#started.node;
  }

  /** The connection that was made last. */
  get last(): Peer {
    return this.server.peer(this.server.peers.length - 1);
  }

  observe(): Promise<NodeObservation> {
    return this.node.observe('pulse', never);
  }

  /** Waits for the subscription of the last connection, and for an event of it. */
  async hears(): Promise<void> {
    await this.last.got(EVENTS);
    const before = this.heard.length;
    this.last.send(DESTROYED);
    await until('the listener hears', () => this.heard.length > before);
  }

  /** How often that command came, over all connections. */
  count(command: string): number {
    return this.server.peers.flatMap(({ commands }) => commands).filter((one) => one === command).length;
  }

  /** The trouble is over: everything can be read, in one reading, and events come. */
  async comesBack(): Promise<void> {
    this.mood = 'well';
    const before = this.server.peers.length;
    const asked = this.count(`api ${STATUS_JSON}`);
    const { sessions, trouble, mark } = await this.observe();
    expect({ sessions, trouble, mark: mark.known }).toEqual({
      sessions: known(2),
      trouble: null,
      mark: true,
    });
    expect(this.count(`api ${STATUS_JSON}`)).toBe(asked + 1);
    expect(this.server.peers.length).toBeLessThanOrEqual(before + 1);
    await this.hears();
    expect(this.last.commands.filter((command) => command === EVENTS)).toHaveLength(1);
  }

  #connected(peer: Peer): void {
    if (this.mood === 'silent') return;
    if (this.mood === 'acl') {
      peer.send(REJECTED);
      peer.socket.end();
    } else peer.send(GREETING);
  }

  #command(command: string, peer: Peer): void {
    switch (this.mood) {
      case 'silent':
        return;
      case 'resets':
        peer.socket.resetAndDestroy();
        return;
      case 'password':
        peer.send(commandReply('-ERR invalid') + GOODBYE);
        peer.socket.end();
        return;
      case 'slow':
        setTimeout(() => this.#say(command, peer), REQUEST / 3);
        return;
      default:
        this.#say(command, peer);
    }
  }

  #say(command: string, peer: Peer): void {
    if (command === `auth ${PASSWORD}`) peer.send(ACCEPTED);
    else this.#answer(command, peer);
  }
}

const where = (stage: Stage): string => `node-1 (127.0.0.1:${stage.server.port})`;

/** Everything is unknown for that reason, and it is said as the trouble too. */
function expectBlind(seen: NodeObservation, why: string | RegExp): void {
  const { node, at, trouble, full, ...rest } = seen;
  const reason = (trouble?.message ?? 'no trouble').replace(/\.$/, '');
  if (typeof why === 'string') expect(reason).toBe(why);
  else expect(reason).toMatch(why);
  expect({ node, full }).toEqual({ node: 'node-1', full: null });
  expect(at).toBeGreaterThan(0);
  for (const value of Object.values(rest)) expect(value).toEqual({ known: false, why: reason });
  expect(Object.keys(rest)).toHaveLength(12);
}

describe('a connection that was reset', () => {
  test('while idle: the next reading connects anew and misses nothing', async () => {
    const stage = await Stage.begin();
    stage.last.socket.resetAndDestroy();
    await stage.last.gone;
    await stage.comesBack();
    expect(stage.server.peers).toHaveLength(2);
  });

  test('at a question: unknown with the reason', async () => {
    const stage = await Stage.begin();
    stage.mood = 'resets';
    const seen = await stage.observe();
    expectBlind(
      seen,
      `The ESL connection to ${where(stage)} ended before "api json {"command":"status","data":""}" was answered`,
    );
    expect(seen.trouble).toMatchObject({ code: 'connection.lost' });
    // One connection for one reading: the rest of it is not asked elsewhere.
    expect(stage.server.peers).toHaveLength(1);
    await stage.comesBack();
    expect(stage.server.peers).toHaveLength(2);
  });

  test('at each login, again and again', async () => {
    const stage = await Stage.begin();
    stage.last.socket.resetAndDestroy();
    await stage.last.gone;
    stage.mood = 'resets';
    for (let reading = 1; reading <= 3; reading += 1) {
      expectBlind(
        await stage.observe(),
        `ESL of ${where(stage)} closed the connection before fsha was logged in`,
      );
      expect(stage.server.peers).toHaveLength(1 + reading);
    }
    await stage.comesBack();
  });

  test.each<[string, (node: FreeswitchNode) => Promise<unknown>, string]>([
    ['a pause', (node) => node.pauseInbound(true, never), 'api fsctl pause inbound'],
    ['a mark', (node) => node.setMark('m', never), 'api global_setvar fsha_run=m'],
    ['a hangup', (node) => node.hangUp('a', 'NORMAL_CLEARING', never), 'api uuid_kill a NORMAL_CLEARING'],
    ['a question for a channel', (node) => node.channelExists('a', never), 'api uuid_exists a'],
  ])('at %s: it is not sent again, neither then nor afterwards', async (_what, act, command) => {
    const stage = await Stage.begin();
    stage.mood = 'resets';
    const error = await failure(act(stage.node), 'connection.lost');
    expect(error.hint).toContain('unknown');
    await stage.comesBack();
    expect(stage.count(command)).toBe(1);
  });
});

describe('a connection that fell silent', () => {
  test('is given up after the time for a reading, and replaced by the next', async () => {
    const stage = await Stage.begin();
    stage.mood = 'silent';
    const gone = stage.last.gone;
    const seen = await stage.observe();
    expect(seen.trouble).toMatchObject({ code: 'timeout' });
    expectBlind(seen, /^ESL of node-1 \S+ did not answer "api json .*" within \d{3}ms$/);
    await gone;
    // Half open is what is new, too, as long as nobody speaks there.
    expectBlind(
      await stage.observe(),
      `ESL of ${where(stage)} took the connection, but did not let fsha log in within ${REQUEST}ms`,
    );
    await stage.comesBack();
    expect(stage.server.peers).toHaveLength(3);
  });

  test('in the middle of a change: its outcome is unknown, and it is not sent again', async () => {
    const stage = await Stage.begin();
    stage.mood = 'silent';
    const error = await failure(stage.node.pauseInbound(true, never), 'timeout');
    expect(error.hint).toContain('unknown');
    await stage.comesBack();
    expect(stage.count('api fsctl pause inbound')).toBe(1);
  });
});

test('slow answers: what came within the time is known, the rest is not, and nothing is asked twice', async () => {
  const stage = await Stage.begin();
  const asked = stage.count('api switchname');
  stage.mood = 'slow';
  const seen = await stage.observe();
  expect(seen.trouble).toBeNull();
  expect(seen.sessions).toEqual(known(2));
  for (const late of [seen.calls, seen.channels, seen.mark]) expect(late.known).toBe(false);
  expect(seen.mark.known ? '' : seen.mark.why).toMatch(
    /did not answer "api .*" within|time for reading the node was over/,
  );
  expect(stage.count('api switchname')).toBeLessThanOrEqual(asked + 1);
  await stage.comesBack();
});

describe('turned away at the door', () => {
  test.each<[string, Mood, string, string]>([
    ['the password was changed', 'password', 'esl.auth', 'does not accept the password'],
    ['the ACL was changed', 'acl', 'esl.acl', 'rejects the address of this machine'],
  ])('%s: who must come anew is told so, until that is over', async (_what, mood, code, says) => {
    const stage = await Stage.begin();
    stage.last.socket.resetAndDestroy();
    await stage.last.gone;
    stage.mood = mood;
    for (let reading = 1; reading <= 2; reading += 1) {
      const seen = await stage.observe();
      expectBlind(seen, `ESL of ${where(stage)} ${says}`);
      expect(seen.trouble).toMatchObject({ code });
    }
    expect((await failure(stage.node.login(never))).code).toBe(code);
    expect((await failure(stage.node.pauseInbound(true, never))).code).toBe(code);
    expect(stage.count('api fsctl pause inbound')).toBe(0);
    await stage.comesBack();
  });
});
