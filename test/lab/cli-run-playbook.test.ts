import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { ALL_IN, type LabForFsha, startLabForFsha } from '../support/lab-for-fsha.ts';

let lab: LabForFsha;
let dir: string;

beforeAll(async () => {
  lab = await startLabForFsha();
  dir = await mkdtemp(join(tmpdir(), 'fsha-playbook-'));
});

afterEach(async () => {
  await until('everything is in again', async () => (await lab.flags()).join() === ALL_IN.join());
});

afterAll(() => lab.stop());

const HEAD = 'version: 1\nname: p\ndescription: a test\nsteps:\n';

async function run(steps: string, ...flags: readonly string[]): ReturnType<LabForFsha['call']> {
  const path = join(dir, 'p.yaml');
  await writeFile(path, HEAD + steps);
  return lab.call('run', path, 'node-1', '--json', ...flags);
}

const OUT = '  - preflight:\n  - deactivate:\n  - wait_drained:\n';

describe('fsha run', () => {
  it('carries out playbooks/drain.yaml as a drain', async () => {
    const done = await lab.call('run', resolve('playbooks/drain.yaml'), 'node-1', '--json');
    expect(done.stderr).toBe('');
    expect(done.exit).toBe(0);
    expect(done.events[0]).toMatchObject({ data: { plan: { kind: 'drain' }, playbook: { name: 'drain' } } });
    expect(
      done.events.some((event) => event.type === 'effect.settled' && event.data.effect === 'node.restart'),
    ).toBe(true);
  });

  it('keeps what a step finds for later ones, and asks conditions when their turn comes', async () => {
    const done = await run(`  - name: Which
    ssh: { run: [echo, one two] }
    register: which
  - name: Taken
    ssh: { run: 'echo {{ which.stdout }}' }
    when: which.stdout == "one two"
    register: taken
  - name: Left out
    ssh: { run: ['false'] }
    when: which.stdout == "three"
`);
    expect(done.exit).toBe(0);
    expect(
      done.events.flatMap((event) => (event.type === 'step.result' ? [event.data.value['stdout']] : [])),
    ).toEqual(['one two', 'one two']);
    expect(
      done.events.flatMap((event) =>
        event.type === 'step.settled' ? [[event.step, event.data.outcome]] : [],
      ),
    ).toEqual([
      ['node-1/ssh.which', 'succeeded'],
      ['node-1/ssh.taken', 'succeeded'],
      ['node-1/ssh.left-out', 'skipped'],
    ]);
  });

  it('goes on behind a rescue', async () => {
    const done = await run(`  - name: Fails
    ssh: { run: ['false'] }
    rescue:
      - name: Mend it
        ssh: { run: ['true'] }
`);
    expect(done.exit).toBe(0);
    expect(done.events.find((event) => event.type === 'rescue.settled')?.data).toEqual({
      outcome: 'rescued',
    });
  });

  it('tells a rescue, and the steps behind it, why a step failed', async () => {
    const log = join(dir, 'why');
    const done = await run(`  - name: Ends badly
    ssh: { run: 'echo out; exit 3' }
    register: bad
    undo: []
    rescue: [ { name: Seen, assert: '!bad.ok && bad.code == 3' } ]
  - name: No answer
    http: { url: 'http://127.0.0.1:1/' }
    register: silent
    rescue: [ { name: Seen too, assert: '!silent.ok' } ]
  - name: Told
    ssh: { run: 'printf "%s\\n" {{ bad.error }} {{ bad.stdout }} {{ silent.error }} >> ${log}' }
`);
    expect([done.exit, done.stderr]).toEqual([0, '']);
    expect((await readFile(log, 'utf8')).split('\n')).toEqual([
      'exit status 3',
      'out',
      expect.stringMatching(/refused/),
      '',
    ]);
  });

  it('gives back what was done, the last first, then the node, then does what is to be done always', async () => {
    const log = join(dir, 'order');
    const note = (what: string): string => `{ run: 'echo ${what} >> ${log}' }`;
    const done = await run(`${OUT}  - name: First
    ssh: ${note('first')}
    undo: [ { name: Undo first, ssh: ${note('undo-first')} } ]
    always: [ { name: Early, ssh: ${note('early')} } ]
  - name: Second
    ssh: ${note('second')}
    undo: [ { name: Undo second, ssh: ${note('undo-second')} } ]
  - name: Fails
    ssh: { run: ['false'] }
    undo: []
    always: [ { name: Late, ssh: ${note('late')} } ]
`);
    expect(done.exit).toBe(12);
    expect((await readFile(log, 'utf8')).trim().split('\n')).toEqual([
      'first',
      'early',
      'second',
      'undo-second',
      'undo-first',
      'late',
    ]);
  });

  it('says that it does not know where something stays that nothing gives back', async () => {
    const done = await run("  - ssh: { run: ['true'] }\n  - name: Fails\n    ssh: { run: ['false'] }\n");
    expect(done.exit).toBe(9);
  });

  it('ends a step whose time is over: nobody knows what it did', async () => {
    const done = await run('  - ssh: { run: [sleep, "30"] }\n    timeout: 1s\n');
    expect(done.exit).toBe(9);
    expect(done.events.at(-1)).toMatchObject({ data: { error: { code: 'effect.unknown' } } });
  });

  it('refuses bad input with its place before anything is touched', async () => {
    const before = await lab.journals();
    const done = await run('  - shh: { run: [x] }\n');
    expect(done.exit).toBe(2);
    expect(done.stderr).toMatch(/p\.yaml:5:\d+.*ssh/);
    expect(await lab.journals()).toEqual(before);
  });

  it('--dry-run prints the plan and does none of it', async () => {
    const path = join(dir, 'dry.yaml');
    await writeFile(
      path,
      `${HEAD}${OUT}  - name: Upgrade\n    ssh: { run: [apt-get, upgrade] }\n    disruptive: true\n`,
    );
    const dry = await lab.call('run', path, 'node-1', '--dry-run');
    expect(dry.exit).toBe(0);
    expect(dry.stdout).toContain('called Upgrade');
    expect(dry.stdout).toContain('refused unless the node is out and drained then');
  });
});
