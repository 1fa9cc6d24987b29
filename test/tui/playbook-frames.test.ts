/** A playbook's run on the screen: steps of its own beside fsha's, what rescues them, what gives them back. */
import stringWidth from 'string-width';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { compilePlaybook } from '../../src/playbook/compile.ts';
import { loadPlaybook } from '../../src/playbook/load-playbook.ts';
import { cluster, known, policy } from '../domain/builders.ts';
import { expectGolden } from './golden-file.ts';
import { stage, type Stage } from './run-stage.ts';
import { type At, look, preflightSettled, reading, setOn, stepBegins, stepEnds } from './run-stories.ts';

// Times of day are shown as they are where the reader is.
beforeAll(() => void vi.stubEnv('TZ', 'UTC'));

const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 40, rows: 12 },
  { columns: 120, rows: 40 },
] as const;

async function started(): Promise<NewEvent> {
  const settings = policy();
  const { nodes } = cluster();
  const playbook = await loadPlaybook('playbooks/upgrade-freeswitch.yaml', { cwd: process.cwd() });
  const vars = Object.fromEntries(playbook.vars.map((one) => [one.name, one.default ?? '']));
  const input = { playbook, cluster: cluster(), policy: settings, vars, secrets: [] };
  return {
    type: 'run.started',
    data: {
      command: 'run upgrade-freeswitch node-1',
      reason: 'CVE-2026-0001',
      who: 'ops@bastion',
      cluster: 'voice-eu',
      inventory: { path: '/etc/fsha/fsha.yaml', sha256: 'ab' },
      policy: settings,
      plan: compilePlaybook(input, nodes.slice(0, 1)),
      playbook: {
        name: playbook.name,
        path: 'upgrade-freeswitch',
        files: playbook.files,
        vars,
        secrets: {},
        answers: {},
      },
    },
  };
}

const FETCH = 'ssh.fetch-the-new-version';
const UPGRADE = 'ssh.upgrade';

function does(kind: string, seconds: number, ms: number): readonly At[] {
  return [
    [seconds, stepBegins(kind)],
    [seconds + ms / 1_000, stepEnds(kind, ms)],
  ];
}

function fails(kind: string, ms: number, message: string): NewEvent {
  const error = { code: 'action.failed', message, hint: '' } as const;
  return {
    type: 'step.settled',
    node: 'node-1',
    step: `node-1/${kind}`,
    data: { outcome: 'failed', ms, error },
  };
}

async function untilFetch(): Promise<readonly At[]> {
  return [
    [0, await started()],
    [0, stepBegins('preflight')],
    [2, preflightSettled()],
    [2, stepEnds('preflight', 2_140)],
    ...does('ssh.version-before', 2, 300),
    ...does('assert.the-way-back-is-known', 3, 2),
    [3, stepBegins(FETCH)],
  ];
}

async function untilUpgrade(): Promise<readonly At[]> {
  return [
    ...(await untilFetch()),
    [40, stepEnds(FETCH, 37_000)],
    [40, stepBegins('deactivate')],
    ...setOn('lb-1', 'AP', 'DX', 'deactivate', 40),
    ...setOn('lb-2', 'AP', 'DX', 'deactivate', 41),
    [41, stepEnds('deactivate', 412)],
    [41, stepBegins('wait_drained')],
    [50, look(0, 0, ['empty, waiting 5s to be sure (settle)'])],
    [55, stepEnds('wait_drained', 14_000)],
    ...does('fence', 55, 180),
    [56, stepBegins(UPGRADE)],
    [
      56,
      {
        type: 'effect.intended',
        node: 'node-1',
        step: `node-1/${UPGRADE}`,
        data: {
          effect: 'action.run',
          target: { node: 'node-1', step: `node-1/${UPGRADE}` },
          found: null,
          wanted: { action: 'ssh', params: {}, changes: 'node', disruptive: true },
        },
      },
    ],
  ];
}

async function rescueSteps(): Promise<readonly string[]> {
  const begin = await started();
  const plan = begin.type === 'run.started' ? begin.data.plan : undefined;
  const upgrade = plan?.nodes[0]?.steps.find(({ id }) => id === `node-1/${UPGRADE}`);
  return upgrade?.frame?.rescue?.map(({ id }) => id.replace('node-1/', '')) ?? [];
}

/** What puts the old version back is under way. */
async function rescue(): Promise<readonly At[]> {
  const story = await untilUpgrade();
  const [first = ''] = await rescueSteps();
  return [
    ...story,
    [80, fails(UPGRADE, 24_000, 'Upgrade on node-1: exit status 100: dpkg was interrupted')],
    [80, stepBegins(first)],
  ];
}

const STORIES: Readonly<Record<string, () => Promise<Stage>>> = {
  'playbook-begins': async () =>
    stage()
      .play(await untilFetch())
      .at(20),
  'playbook-drains': async () => {
    const on = stage().play([
      ...(await untilUpgrade()).filter(([seconds]) => seconds < 50),
      [46, look(36, 18)],
    ]);
    on.run.seen = reading({ at: 47, sessions: known(36), calls: known(18) });
    return on.at(48);
  },
  'playbook-upgrades': async () =>
    stage()
      .play(await untilUpgrade())
      .at(90),
  'playbook-fetch-failed': async () =>
    stage().play([
      ...(await untilFetch()),
      [
        9,
        fails(FETCH, 6_000, 'Fetch the new version on node-1: exit status 100: E: Unable to locate package'),
      ],
    ]),
  'playbook-rescue': async () =>
    stage()
      .play(await rescue())
      .at(85),
  'playbook-rescued': async () =>
    stage().play([
      ...(await rescue()),
      ...(await rescueSteps()).flatMap((id, index): readonly At[] =>
        index === 0 ? [[90, stepEnds(id, 10_000)]] : does(id, 88 + 2 * index, 2_000),
      ),
      [
        95,
        { type: 'rescue.settled', node: 'node-1', step: `node-1/${UPGRADE}`, data: { outcome: 'rescued' } },
      ],
      [95, stepBegins('verify')],
    ]),
};

describe.each(SIZES)('$columns × $rows', ({ columns, rows }) => {
  test.each(Object.keys(STORIES))('%s', async (name) => {
    const on = await STORIES[name]?.();
    const text = on?.text({ columns, rows }) ?? '';
    for (const line of text.split('\n')) expect(stringWidth(line)).toBeLessThanOrEqual(columns);
    expect(text.split('\n').length).toBeLessThanOrEqual(rows - 1);
    expectGolden(`${name}-${columns}x${rows}`, text);
  });
});
