import { FshaError, isInterruption } from '../../domain/errors.ts';
import type { Node } from '../../domain/cluster.ts';
import { printable } from '../../domain/text.ts';
import type { ActionAround, RunAction } from '../../workflow/action-port.ts';
import type { HttpPort } from '../../workflow/outside-ports.ts';
import type { Action } from '../action.ts';
import { Params, timeLeft, withoutSecret } from './read-params.ts';

const MAX_BYTES = 64 * 1024;

export const notify: Action = {
  name: 'notify',
  summary: 'Tells somebody: posts JSON to a webhook, or runs a command on this machine.',
  params: {
    kind: 'fields',
    fields: {
      url: {
        kind: 'text',
        expected: 'an http or https URL',
        description: 'The webhook. May be a secret: such URLs are their own password.',
      },
      headers: {
        kind: 'map',
        of: { kind: 'text', empty: true },
        description: 'Of the webhook. May hold secrets.',
      },
      json: { kind: 'any', description: 'What is posted, in place of {text, node, run, playbook, step}.' },
      text: { kind: 'text', lines: true, description: 'What is said.' },
      command: {
        kind: 'text',
        lines: true,
        shell: true,
        description:
          'Run by sh on this machine. Gets FSHA_TEXT, FSHA_NODE, FSHA_RUN and FSHA_PLAYBOOK; inserted values are quoted.',
      },
      required: {
        kind: 'boolean',
        description: 'The step fails where it does not arrive; else that is only told.',
      },
    },
  },
  result: {
    sent: { type: 'boolean', description: 'Whether it arrived.' },
    problem: { type: 'string', description: 'Why not; empty where it did.' },
  },
  changes: () => 'elsewhere',
  timeout: 15_000,
  without: ['disruptive', 'cutsCalls'],
  check: (params) => {
    if ((params['url'] === undefined) === (params['command'] === undefined))
      return [{ path: [], text: 'Give a url or a command, one of them.' }];
    if (params['text'] === undefined && params['json'] === undefined)
      return [{ path: [], text: 'Give a text, or json for a webhook.' }];
    return params['command'] !== undefined &&
      (params['json'] !== undefined || params['headers'] !== undefined)
      ? [{ path: ['command'], text: 'A command gets text; headers and json are for a url.' }]
      : [];
  },
};

/** @param client what posts it */
export function runNotify(client: HttpPort): RunAction {
  return async (params, node, around) => {
    const read = new Params(params, around.name);
    const problem = await problemOf(() =>
      read.has('url') ? post(client, read, node, around) : tellCommand(read, node, around),
    );
    if (problem === '') return { ok: true, sent: true, problem, said: 'sent' };
    return { ok: !read.flag('required'), sent: false, problem, said: `it did not arrive: ${problem}` };
  };
}

/** Why it did not arrive, without a secret in it; empty where it did. @throws FshaError `interrupted`, `usage` */
async function problemOf(send: () => Promise<string>): Promise<string> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof FshaError) || isInterruption(error) || error.code === 'usage') throw error;
    return error.message;
  }
}

async function post(client: HttpPort, read: Params, node: Node, around: ActionAround): Promise<string> {
  const { run, playbook, name: step } = around;
  const json = read.value('json') ?? { text: masked(read, around), node: node.name, run, playbook, step };
  const { status } = await client.request(
    {
      url: read.text('url'),
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...read.texts('headers') },
      body: JSON.stringify(json),
      redirects: 0,
      timeout: timeLeft(around),
      maxBytes: MAX_BYTES,
    },
    around.signal,
  );
  return status >= 200 && status < 300 ? '' : `HTTP ${status}`;
}

async function tellCommand(read: Params, node: Node, around: ActionAround): Promise<string> {
  const command = withoutSecret(read.text('command'), around.mask, () =>
    read.wrong('command', 'has a secret in it, and every user of this machine would see it'),
  );
  const env = {
    FSHA_TEXT: masked(read, around),
    FSHA_NODE: node.name,
    FSHA_RUN: around.run,
    FSHA_PLAYBOOK: around.playbook,
  };
  const { exitCode, signal, stderr } = await around.world.local.run(
    command,
    env,
    timeLeft(around),
    around.signal,
  );
  if (exitCode === 0) return '';
  const end =
    exitCode === null ? `the command was ended by ${signal ?? 'a signal'}` : `exit status ${exitCode}`;
  const last = stderr.trimEnd().split('\n').at(-1) ?? '';
  return last === '' ? end : `${end}: ${printable(last, 200)}`;
}

/** Who is told has no use for a secret. */
function masked(read: Params, { mask }: ActionAround): string {
  return mask(read.textOr('text', ''));
}
