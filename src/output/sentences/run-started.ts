import type { PlannedStep } from '../../domain/plan.ts';
import type { RollingPlan } from '../../domain/rolling/rolling-plan.ts';
import { printable } from '../../domain/text.ts';
import { A_DOZEN, nameList } from '../name-list.ts';
import { cutWords, deadlineWords } from '../policy-words.ts';
import { rollingWords } from '../rolling-words.ts';
import { said, type Sentence } from './sentence.ts';

export const runStarted: Sentence<'run.started'> = {
  level: () => 'info',
  say: ({ run, data }) => {
    const { command, reason, who, cluster, policy, plan, call = 'fsha', dryRun = false } = data;
    const steps: readonly PlannedStep[] = plan.nodes.flatMap((node) => node.steps);
    const names = plan.nodes.map(({ node }) => node);
    const nodes = `${names.length === 1 ? 'node ' : names.length > A_DOZEN ? '' : 'nodes '}${nameList(names)}`;
    return [
      `run ${printable(run)} on ${printable(cluster)}: ${said(command)}`,
      `  ${nodes}, started by ${printable(who)}${reason === null ? '' : `, reason: ${said(reason)}`}`,
      ...(plan.rolling === undefined ? [] : rollingLines(plan.rolling)),
      ...(steps.some(({ kind }) => kind === 'wait_drained')
        ? [
            `  waits for calls to end ${deadlineWords(policy)}`,
            ...cutWords(policy).map((line) => `    ${line}`),
          ]
        : []),
      ...(policy.ignoreProxies.length > 0
        ? [`  ignores ${policy.ignoreProxies.map((name) => printable(name)).join(', ')}`]
        : []),
      ...(policy.force.length > 0
        ? [`  overrules ${policy.force.map((name) => printable(name)).join(', ')}`]
        : []),
      dryRun
        ? '  dry run: it looks, says what it would do, and changes nothing'
        : `  watch it from elsewhere: ${printable(call, Infinity)} show ${printable(run)} --follow`,
    ].join('\n');
  },
};

function rollingLines(rolling: RollingPlan): readonly string[] {
  return [
    `  ${rollingWords(rolling)}`,
    ...rolling.skipped.map(({ node, why }) => `  left out: ${printable(node)}: ${said(why)}`),
  ];
}
