/** Carries out a playbook: read, checked and compiled as a whole before anything is touched. */
import type { Node } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import type { ExitCode } from '../domain/exit-codes.ts';
import type { Plan } from '../domain/plan.ts';
import { withNested } from '../domain/playbook/all-steps.ts';
import type { Playbook } from '../domain/playbook/playbook.ts';
import type { PlaybookSource } from '../domain/playbook/source.ts';
import { planBatches } from '../domain/rolling/batches.ts';
import { type Foresee, foresee } from '../domain/rolling/foresee.ts';
import type { Policy } from '../domain/policy.ts';
import { shellQuote } from '../domain/shell-quote.ts';
import { type CompileInput, compilePlaybook, takesOut } from '../playbook/compile.ts';
import { findPlaybook } from '../playbook/find-playbook.ts';
import { loadPlaybook } from '../playbook/load-playbook.ts';
import { argument, type Call, listOption } from './command.ts';
import { inventoryOf } from './inventory-of.ts';
import { policyOf } from './node-policy.ts';
import { playbookNodes } from './playbook-nodes.ts';
import { playbookRunOf } from './playbook-run.ts';
import { playbookFolders } from './playbooks.ts';
import { readAllSecrets, sourceText, variablesOf, withUndefined } from './playbook-vars.ts';
import { readAnswers, requireAnswers } from './questions.ts';
import { observe } from './run-rolling.ts';
import { askForCuts, carry, carryPlanned } from './run-command.ts';

export async function runPlaybook(call: Call): Promise<ExitCode> {
  const path = argument(call, 0);
  const file = await findPlaybook(path, await playbookFolders(call));
  const playbook = await loadPlaybook(file, { cwd: call.host.cwd });
  const given = variablesOf(playbook.vars, listOption(call, 'var'));
  const answers = readAnswers(listOption(call, 'answer'));
  const cluster = await inventoryOf(call);
  const nodes = playbookNodes(call, cluster, playbook);
  const policy = policyOf(cluster, call);
  const vars = withUndefined(playbook.vars, given);
  const secrets = Object.fromEntries(
    Object.entries(given.secrets).map(([name, source]) => [name, sourceText(source)]),
  );
  const input: CompileInput = { playbook, cluster, policy, vars, secrets: Object.keys(secrets) };
  const plan = compilePlaybook(input, nodes);
  mustKnow(plan, policy);
  requireAnswers(call, questionsOf(plan), answers);
  await askForCuts(call, nodes.map(({ name }) => name).join(', '), policy);
  const source: PlaybookSource = {
    name: playbook.name,
    path,
    files: playbook.files,
    vars,
    secrets,
    answers: Object.fromEntries(answers),
  };
  // A question on a screen that draws itself anew would not be seen.
  const asks = call.options['step'] === true || questionsOf(plan).length > 0;
  const calm: Call = {
    ...(asks ? { ...call, globals: { ...call.globals, tui: false } } : call),
    secrets: Object.values(await readAllSecrets(secrets, call.host)),
  };
  const run = await playbookRunOf(calm, cluster, source);
  const command = `run ${shellQuote([path, ...nodes.map(({ name }) => name)])}`;
  const wish = { policy, command, playbook: { source, run } };
  if (!isRolling(playbook, plan)) return carry(calm, cluster, { ...wish, plan });
  return carryPlanned(calm, cluster, wish, (signal) => inBatches(calm, input, nodes, signal));
}

/** Several nodes of which each is out for a while, or for which the playbook says how they follow each other. */
function isRolling({ strategy, nodes }: Playbook, plan: Plan): boolean {
  if (Object.keys(strategy).length > 0) return true;
  return plan.nodes.some(takesOut) && (plan.nodes.length > 1 || nodes !== undefined);
}

async function inBatches(
  call: Call,
  input: CompileInput,
  nodes: readonly Node[],
  signal: AbortSignal,
): Promise<{ readonly plan: Plan; readonly foresee: Foresee }> {
  const { cluster, playbook, policy } = input;
  const observation = await observe(call, cluster, signal);
  const settings = { ...cluster.rolling, ...playbook.strategy };
  const names = nodes.map(({ name }) => name);
  const { batches, canary, skipped, maxUnavailable } = planBatches(cluster, observation, {
    nodes: names,
    settings,
    skipUnreachable: false,
  });
  const { pause, maxFailures, headroom, dispatch } = settings;
  const limits = { maxUnavailable, headroom, dispatch };
  const rolling = { batches, canary, limits, pause, maxFailures, window: null, done: [], skipped };
  const plan = compilePlaybook(input, nodes, rolling);
  const wall = call.host.clock.wall();
  return {
    plan,
    foresee: (refused) => foresee({ cluster, observation, plan, policy, wall }, refused),
  };
}

/** Where a plan says nothing of restarts, what it was asked to do without one means nothing. @throws FshaError `usage` */
function mustKnow(plan: Plan, policy: Policy): void {
  const steps = plan.nodes.flatMap((node) => node.steps);
  const isDrain =
    plan.kind === 'drain' || steps.every(({ kind, frame }) => kind !== 'action' && frame === undefined);
  if (isDrain || (policy.restart && !policy.hold)) return;
  throw new FshaError(
    'usage',
    `${policy.hold ? '--hold' : '--no-restart'} is for playbooks that are a drain and nothing else`,
    'Write it into the playbook: leave the step out, or give it a condition over a variable.',
  );
}

/** What is asked of a person, by the names of `--answer`. */
function questionsOf(plan: Plan): readonly string[] {
  const steps = plan.nodes.flatMap((node) => node.steps).flatMap(withNested);
  const names = steps.flatMap((step) => {
    if (step.kind !== 'action' || step.params.action !== 'confirm') return [];
    const { answer } = step.params.params;
    return typeof answer === 'string' ? [answer] : [];
  });
  return [...new Set(names)];
}
