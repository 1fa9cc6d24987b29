import { expect, test } from 'vitest';
import type { Call } from '../../src/cli/command.ts';
import { interruptedDrain } from '../../src/cli/go-on.ts';
import { systemClock } from '../../src/cli/main.ts';
import type { NewEvent } from '../../src/domain/run-events.ts';
import { cluster } from '../domain/builders.ts';
import { rolling as rollingPlan } from '../domain/rolling/rolling-plan.ts';
import { disable, preflight, started } from '../journal/events.ts';
import { runId, runsDirectory } from '../journal/runs-directory.ts';

async function found(beginning: NewEvent): Promise<{ readonly run: string | null; readonly said: string }> {
  const dir = await runsDirectory([beginning, preflight('node-1'), disable('node-1')]);
  let said = '';
  const stderr = { write: (text: string) => (said += text) };
  const call = { globals: {}, host: { clock: systemClock, stderr } } as unknown as Call;
  const state = { dir, keepRuns: 10, keepAge: 1_000 };
  return { run: await interruptedDrain(call, cluster({ name: 'voice-eu', state }), 'node-1'), said };
}

test('one of this node alone is gone on with', async () => {
  const { run, said } = await found(started());
  expect(run).toBe(runId(0));
  expect(said).toMatch(
    /^fsha: node-1 has an unfinished run: \S+ \(drain node-1, by .*\); going on with it\n$/,
  );
});

test('one that has other nodes too is told, and left to itself', async () => {
  const rolling = started({ nodes: ['node-1', 'node-2'], command: 'rolling --all' });
  if (rolling.type !== 'run.started') throw new Error('no beginning');
  const batches = [['node-1'], ['node-2']];
  const plan = {
    ...rolling.data.plan,
    kind: 'rolling' as const,
    rolling: rollingPlan({ batches, canary: [] }),
  };
  const { run, said } = await found({ ...rolling, data: { ...rolling.data, plan } });
  expect(run).toBeNull();
  expect(said).toMatch(
    new RegExp(
      `^fsha: node-1 has an unfinished run: ${runId(0)} \\(rolling --all, by .*\\); this drain is one of its own, and that run goes on with fsha resume ${runId(0)}\\n$`,
    ),
  );
});

test('one of a playbook is told too, although it has this node alone', async () => {
  const beginning = started({ command: 'run upgrade-freeswitch node-1' });
  if (beginning.type !== 'run.started') throw new Error('no beginning');
  const plan = { ...beginning.data.plan, kind: 'playbook' as const };
  const { run, said } = await found({ ...beginning, data: { ...beginning.data, plan } });
  expect(run).toBeNull();
  expect(said).toContain(`this drain is one of its own, and that run goes on with fsha resume ${runId(0)}\n`);
});
