/** A watched status on a terminal of 80×24 as its user sees it. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ALL_IN, type LabForFsha, startLabForFsha } from '../support/lab-for-fsha.ts';
import { processEntry } from '../support/processes.ts';
import { until } from '../support/until.ts';
import { openTerminal, type Terminal } from './harness/terminal.ts';

let lab: LabForFsha;
beforeAll(async () => {
  lab = await startLabForFsha();
});
afterAll(() => lab.stop());
afterEach(async () => {
  for (const node of ['node-1', 'node-2']) await lab.askNode(node, { clear: true });
  await lab.call('activate', 'node-2');
  await until('everything is in', async () => (await lab.flags()).join() === ALL_IN.join());
});

async function terminal(): Promise<Terminal> {
  const opened = await openTerminal({ config: lab.lab.configFile });
  await opened.run('echo what was there before');
  await opened.status();
  return opened;
}

/** The screen is gone without a trace: what was there before, the command, and one table. */
async function expectOneTable(shown: Terminal, stty: string, command: string): Promise<void> {
  expect(await shown.state()).toEqual({ isAlternate: false, hasCursor: true, wraps: true });
  expect(await shown.stty()).toBe(stty);
  const [before = '', after = '', ...more] = (await shown.scrollback()).split(`user$ ${command}\n`);
  expect(more).toEqual([]);
  expect(before).toContain('what was there before\n');
  expect(after).toMatch(/^lab-\S+: 2 nodes, 2 proxies\n\nNODE +lb-1 +lb-2 +SESSIONS/);
  expect(after.match(/^NODE /gm)).toHaveLength(1);
  expect(after).not.toMatch(/sort:|q quit|in service/);
}

test('shows changes as they come, obeys its keys, and leaves one table behind', async () => {
  const shown = await terminal();
  const stty = await shown.stty();
  await shown.run('fsha status --watch');
  await shown.sees(/^2 in service {2}0 sessions\n/m);
  expect(await shown.state()).toEqual({ isAlternate: true, hasCursor: false, wraps: false });
  const screen = await shown.screen();
  expect(screen).toHaveLength(24);
  expect(screen[0]).toMatch(/^lab-\S+ {2}2 nodes, 2 proxies +\d\d:\d\d:\d\d$/);
  expect(screen[2]).toBe('sort: trouble first');
  expect(screen[4]).toMatch(/^> node-1 +active p +active p +0\/1000 +0 /);
  expect(screen[22]).toBe('q quit  s sort  / filter  Enter details  ? help');
  expect(screen[23]).toBe('');

  // A node that was taken out elsewhere stands first: nothing was selected by hand.
  expect((await lab.call('deactivate', 'node-2')).exit).toBe(0);
  await shown.sees(/^1 in service {2}1 out of service {2}0 sessions\n/m);
  await shown.sees(/^> node-2 +disabled +disabled .*\n {2}node-1 +active p/m);
  await shown.press('Enter');
  await shown.sees(/^node-2 {2}out of service\nnode-2 was left out by run \S+ \(deactivate node-2,/m);
  await shown.press('Escape');
  // A key that comes at once behind Esc is another key.
  await shown.sees(/^q quit {2}s sort/m);
  await shown.press('s', 'Down');
  await shown.sees(/^sort: name\n[^]*\n {2}node-1 .*\n> node-2 /m);
  await shown.press('/');
  await shown.type('node-1');
  await shown.sees(/filter: node-1_ {2}1 of 2 nodes\n[^]*\n> node-1 /);
  await shown.press('Enter', 'Escape');
  await shown.sees(/^sort: name\n/m);
  expect((await lab.call('activate', 'node-2')).exit).toBe(0);
  await shown.sees(/^2 in service {2}0 sessions\n/m);

  await shown.resize(40, 12);
  await shown.sees(/^> node-2 +active p +active p +0\/1000\n/m);
  expect(await shown.screen()).toHaveLength(12);
  await shown.resize(80, 24);
  await shown.sees(/Enter details {2}\? help$/m);
  await shown.press('q');
  expect(await shown.status()).toBe(0);
  await expectOneTable(shown, stty, 'fsha status --watch');
});

test('Ctrl-C leaves it as every other command, with the table', async () => {
  const shown = await terminal();
  const stty = await shown.stty();
  await shown.run('fsha status --watch --poll 2s');
  await shown.sees(/2 in service/);
  await shown.press('C-c');
  expect(await shown.status()).toBe(130);
  await expectOneTable(shown, stty, 'fsha status --watch --poll 2s');
});

test('a node that says nothing is unknown, and the others go on', async () => {
  const shown = await terminal();
  await shown.run('fsha status --watch');
  await shown.sees(/2 in service/);
  await lab.askNode('node-1', { fault: 'silentEsl', value: true });
  await lab.askNode('node-1', { fault: 'halfOpen', value: true });
  await shown.sees(/^> node-1 +active p +active p +unknown +unknown /m);
  await shown.sees(/^node-1: unknown: /m);
  await lab.askNode('node-2', { fault: 'lieSessions', value: 7 });
  await shown.sees(/^ {2}node-2 +active p +active p +7\/1000 /m);
  await shown.press('q');
  expect(await shown.status()).toBe(0);
});

test.each([
  'TERM=dumb fsha status --watch',
  'CI=true fsha status --watch',
  'fsha status --watch --no-tui',
  'fsha status --watch | cat',
])('%s writes lines', async (command) => {
  const shown = await terminal();
  await shown.run(command);
  await shown.sees(/^\d\d:\d\d:\d\d {2}lab-\S+: 2 nodes, 2 proxies: 2 in service, 0 sessions$/m);
  expect((await shown.state()).isAlternate).toBe(false);
  await shown.press('C-c');
  // The shell's own word for it, where Ctrl-C ended all of a pipe.
  expect(await shown.status()).toBe(130);
});

test('a terminal that goes away ends it: nobody watches', async () => {
  const shown = await terminal();
  await shown.run('fsha status --watch');
  await shown.sees(/2 in service/);
  const { pid, startedAt } = await shown.child('node');
  await shown.close();
  await until('it has ended', () => processEntry(pid)?.startedAt !== startedAt);
});
