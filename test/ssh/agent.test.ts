import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAgent } from '../../src/ssh/agent.ts';
import { loadSsh2 } from '../../src/ssh/load-ssh2.ts';
import { type SpoofAgent, startSpoofAgent } from './spoof-agent.ts';
import { type Home, makeHome, until } from './spoof-server.ts';

let home: Home;
let silent: SpoofAgent;

beforeEach(async () => {
  home = await makeHome();
  silent = await startSpoofAgent(join(home.dir, 'agent'), 0);
  await loadSsh2();
});

afterEach(async () => {
  await silent.close();
  await home.remove();
});

test('is not asked by whoever has given up before', async () => {
  await expect(openAgent(silent.path, AbortSignal.abort())).rejects.toThrow(
    'the wait for the agent was ended',
  );
});

test('keeps no connection of those who give up while it is being opened', async () => {
  // How many turns that takes is the library's own affair.
  for (let turns = 0; turns < 20; turns++) {
    const controller = new AbortController();
    const opening = expect(openAgent(silent.path, controller.signal)).rejects.toThrow();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    controller.abort();
    await opening;
  }
  // Each that was begun has come to the agent by then.
  const last = new AbortController();
  const opening = expect(openAgent(silent.path, last.signal)).rejects.toThrow();
  const before = silent.asked();
  await until(() => silent.asked() > before);
  last.abort();
  await opening;
  await until(() => silent.open() === 0);
});
