import type { PlannedStep } from '../../domain/plan.ts';
import { printable } from '../../domain/text.ts';
import { cutWords, deadlineWords } from '../policy-words.ts';
import { said, type Sentence } from './sentence.ts';

export const runStarted: Sentence<'run.started'> = {
  level: () => 'info',
  say: ({ run, data }) => {
    const { command, reason, who, cluster, policy, plan, call = 'fsha', dryRun = false } = data;
    const steps: readonly PlannedStep[] = plan.nodes.flatMap((node) => node.steps);
    const nodes = plan.nodes.map(({ node }) => printable(node)).join(', ');
    return [
      `run ${printable(run)} on ${printable(cluster)}: ${said(command)}`,
      `  ${plan.nodes.length === 1 ? 'node' : 'nodes'} ${nodes}, started by ${printable(who)}${reason === null ? '' : `, reason: ${said(reason)}`}`,
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
