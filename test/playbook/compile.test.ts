import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Plan, planDrain, planRolling } from '../../src/domain/plan.ts';
import type { Policy } from '../../src/domain/policy.ts';
import type { RollingPlan } from '../../src/domain/rolling/rolling-plan.ts';
import { compilePlaybook } from '../../src/playbook/compile.ts';
import { loadPlaybook } from '../../src/playbook/load-playbook.ts';
import { cluster, policy } from '../domain/builders.ts';

const CLUSTER = cluster();
const [NODE_1] = CLUSTER.nodes;

const onOut = { command: 'stop-dialer', timeout: 1_000 };
const POLICIES: readonly (readonly [string, Policy])[] = (
  [
    ['as it is', {}],
    ['an early fence', { fence: 'early' }],
    ['no fence', { fence: 'none' }],
    ['--hold', { hold: true }],
    ['--hold, early', { hold: true, fence: 'early' }],
    ['--no-restart', { restart: false }],
    ['--no-restart, early', { restart: false, fence: 'early' }],
    ['--no-restart --hold', { restart: false, hold: true }],
    ['--then leave', { foundDisabled: 'leave' }],
    ['--then activate', { foundDisabled: 'activate' }],
    ['onOut', { onOut }],
    ['onOut, early', { onOut, fence: 'early' }],
    ['onOut, --hold, --then activate', { onOut, hold: true, foundDisabled: 'activate' }],
  ] as const
).map(([name, changes]) => [name, policy(changes)] as const);

async function shipped(name: string): ReturnType<typeof loadPlaybook> {
  return loadPlaybook(`playbooks/${name}`, { cwd: process.cwd() });
}

describe.each(POLICIES)('%s', (_name, wanted) => {
  it('playbooks/drain.yaml is a drain', async () => {
    const playbook = await shipped('drain.yaml');
    const plan = compilePlaybook(
      { playbook, cluster: CLUSTER, policy: wanted, vars: {}, secrets: [] },
      CLUSTER.nodes.slice(0, 1),
    );
    expect(plan).toEqual(planDrain('node-1', wanted));
  });

  it('playbooks/rolling-restart.yaml is a rolling run', async () => {
    const playbook = await shipped('rolling-restart.yaml');
    const rolling: RollingPlan = {
      batches: [['node-2'], ['node-1']],
      canary: ['node-2'],
      limits: { maxUnavailable: 1, headroom: 0, dispatch: 'even' },
      pause: 0,
      maxFailures: 0,
      window: null,
      done: [],
      skipped: [],
    };
    const plan = compilePlaybook(
      { playbook, cluster: CLUSTER, policy: wanted, vars: {}, secrets: [] },
      CLUSTER.nodes,
      rolling,
    );
    expect(plan).toEqual(planRolling(rolling, wanted));
  });
});

async function compiled(yaml: string, vars: Readonly<Record<string, string>> = {}): Promise<Plan> {
  const dir = await mkdtemp(join(tmpdir(), 'fsha-compile-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, 'p.yaml'), yaml);
  const playbook = await loadPlaybook('p.yaml', { cwd: dir });
  if (NODE_1 === undefined) throw new Error('no node');
  return compilePlaybook({ playbook, cluster: CLUSTER, policy: policy(), vars, secrets: [] }, [NODE_1]);
}

const HEAD = 'version: 1\nname: p\ndescription: a test\n';

describe('a playbook of its own', () => {
  it('gives each step one id, those at the top first, and is data', async () => {
    const plan = await compiled(`${HEAD}steps:
  - name: Look at it
    ssh: { run: ['true'] }
    rescue:
      - name: Look at it
        ssh: { run: ['false'] }
  - name: Look at it
    ssh: { run: ['true'] }
  - ssh: { run: ['true'] }
`);
    const [node] = plan.nodes;
    expect(plan.kind).toBe('playbook');
    expect(node?.steps.map(({ id }) => id)).toEqual([
      'node-1/ssh.look-at-it',
      'node-1/ssh.look-at-it-2',
      'node-1/ssh',
    ]);
    expect(node?.steps[0]?.frame?.rescue?.[0]?.id).toBe('node-1/ssh.look-at-it-3');
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  it('leaves out what is not wanted, and asks later what only a step can tell', async () => {
    const yaml = `${HEAD}vars:
  way: { type: string, default: a }
steps:
  - name: One
    ssh: { run: ['true'] }
    register: one
    when: vars.way == "a"
  - name: Two
    ssh: { run: ['true'] }
    when: vars.way == "b"
  - name: Three
    ssh: { run: ['true'] }
    when: one.ok
`;
    const [node] = (await compiled(yaml, { way: 'a' })).nodes;
    expect(node?.steps.map(({ frame }) => [frame?.name, frame?.when?.text])).toEqual([
      ['One', undefined],
      ['Three', 'one.ok'],
    ]);
  });

  it.each([
    ['restart', 'needs deactivate', '  - preflight:\n  - restart:\n'],
    [
      'a disruptive step',
      'needs wait_drained',
      '  - preflight:\n  - deactivate:\n  - ssh: { run: [reboot] }\n    disruptive: true\n',
    ],
    ['deactivate', 'needs preflight', '  - deactivate:\n'],
  ])('%s %s before it', async (_what, why, steps) => {
    await expect(compiled(`${HEAD}steps:\n${steps}`)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(new RegExp(`^p\\.yaml:\\d+:\\d+: .*${why}`)) as unknown,
    });
  });

  it('a step that may cut calls needs nothing', async () => {
    const plan = await compiled(`${HEAD}steps:\n  - ssh: { run: [reboot] }\n    cutsCalls: true\n`);
    expect(plan.nodes[0]?.steps[0]?.frame).toMatchObject({ cutsCalls: true });
  });
});
