import { shownText } from '../../domain/playbook/shown-text.ts';
import { printable } from '../../domain/text.ts';
import type { RunAction } from '../../workflow/action-port.ts';
import { nodePort } from '../../workflow/world.ts';
import type { Action } from '../action.ts';
import { Params, timeLeft } from './read-params.ts';

/** What FreeSWITCH answers without changing anything; `expand` and `eval` are not among them: they run what they are given. */
const READS =
  /^(?:status|version|uptime|hostname|switchname|show|global_getvar|module_exists|uuid_exists|sofia (?:xml)?status)(?: |$)/;

export const esl: Action = {
  name: 'esl',
  summary: "Sends one API command to the node's FreeSWITCH.",
  params: {
    kind: 'fields',
    fields: {
      command: {
        kind: 'text',
        expected: 'an API command such as reloadxml',
        required: true,
        description: 'One line, as it is typed in fs_cli; it is sent once.',
      },
      allowError: {
        kind: 'boolean',
        description: 'An answer that begins with -ERR or -USAGE is no failure.',
      },
    },
  },
  short: 'command',
  result: {
    reply: {
      type: 'string',
      description: 'The whole answer, 64 KiB at most, without the line break at its end.',
    },
  },
  changes: ({ command }) => (typeof command === 'string' && READS.test(command) ? 'nothing' : 'node'),
  timeout: 30_000,
  check: ({ command }) =>
    typeof command === 'string' && /^\s*bgapi\b/.test(command)
      ? [
          {
            path: ['command'],
            text: 'Nobody would hear how a bgapi ends. Give the command itself, with a timeout.',
          },
        ]
      : [],
};

export const runEsl: RunAction = async (params, node, around) => {
  const read = new Params(params, around.name);
  const command = read.text('command').trim();
  if (command === '' || /[\r\n\0]/.test(command))
    throw read.wrong(
      'command',
      'is not one line',
      'FreeSWITCH takes what follows a line break for another command.',
    );
  if (/^bgapi\b/.test(command)) throw read.wrong('command', 'is a bgapi: nobody would hear how it ends');
  const body = await nodePort(around.world, node.name).api(command, timeLeft(around), around.signal);
  const refused = /^\s*-(?:ERR|USAGE)\b/.test(body);
  const reply = shownText(body);
  return {
    ok: !refused || read.flag('allowError'),
    reply,
    said: `FreeSWITCH answered: ${printable(reply.split('\n')[0] ?? '', 300)}`,
  };
};
