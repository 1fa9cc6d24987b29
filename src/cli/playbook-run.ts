/** What the steps of a playbook's run have in common, made from what is written down of it: the same when it is gone on with. */
import type { Cluster } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import { clusterValues, nodeValues } from '../domain/playbook/known-values.ts';
import type { PlaybookSource } from '../domain/playbook/source.ts';
import { runActions } from '../playbook/actions/run-registry.ts';
import { isExpression, isShellLine } from '../playbook/param-kinds.ts';
import type { PlaybookRun } from '../workflow/playbook-run.ts';
import { createValues } from '../workflow/values.ts';
import type { Call } from './command.ts';
import { outside } from './outside.ts';
import { readAllSecrets } from './playbook-vars.ts';
import { questions } from './questions.ts';

/** @throws FshaError `secret` */
export async function playbookRunOf(
  call: Call,
  cluster: Cluster,
  source: PlaybookSource,
): Promise<PlaybookRun> {
  const secrets = await readAllSecrets(source.secrets, call.host);
  const asked = questions(call, new Map(Object.entries(source.answers)));
  return {
    name: source.name,
    actions: runActions(outside()),
    questions: asked,
    valuesOf: (node, results) => {
      const kept = Object.values(results).flatMap(({ register, value, masked }) =>
        register === null || masked === true ? [] : [[register, value] as const],
      );
      const fixed = { node: nodeValues(node), cluster: clusterValues(cluster) };
      return createValues(
        {
          ...{ fixed, vars: source.vars, secrets },
          isShellLine,
          isExpression,
        },
        Object.fromEntries(kept),
      );
    },
    beforeStep:
      call.options['step'] !== true
        ? null
        : async (node, title, signal) => {
            const answer = await asked.ask({ name: 'step', text: `${node}: ${title}.` }, signal);
            if (answer.trim().toLowerCase() !== 'yes')
              throw new FshaError('refused', `${node}: ${title} was not confirmed`);
          },
  };
}
