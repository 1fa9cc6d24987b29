import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { FshaError } from '../../domain/errors.ts';
import type { JsonObject } from '../../domain/playbook/json.ts';
import type { Node } from '../../domain/cluster.ts';
import { shownText } from '../../domain/playbook/shown-text.ts';
import { printable } from '../../domain/text.ts';
import type { ActionAround, RunAction } from '../../workflow/action-port.ts';
import type { CommandResult } from '../../workflow/ports.ts';
import type { Action } from '../action.ts';
import { hostOf, onHost } from './on-host.ts';
import { Params, withoutSecret } from './read-params.ts';
import { RESTORE_SCRIPT, UPLOAD_EXIT, UPLOAD_SCRIPT } from './upload-script.ts';

/** As much as fits into memory several times without anybody noticing. */
const MAX_BYTES = 16 * 1024 * 1024;

export const upload: Action = {
  name: 'upload',
  summary: "Puts a file on the node's host, keeps what was there, and gives it back when the run fails.",
  params: {
    kind: 'fields',
    fields: {
      path: {
        kind: 'text',
        expected: 'an absolute path',
        pattern: '^/',
        required: true,
        description: 'Where it is put. A link is followed.',
      },
      content: { kind: 'text', lines: true, empty: true, description: 'What is in it. May hold secrets.' },
      file: {
        kind: 'text',
        file: true,
        description: 'A file on this machine, in place of content: 16 MiB at most.',
      },
      mode: {
        kind: 'text',
        pattern: '^0?[0-7]{3}$',
        expected: 'a mode such as "0640"',
        description: 'Its permissions; as they were where nothing is said, "0644" for a new file.',
      },
      backup: {
        kind: 'boolean',
        default: true,
        description:
          'Keep what was there, beside it, as PATH.fsha-RUN; without that, nothing can be given back.',
      },
      restore: {
        kind: 'boolean',
        literal: true,
        description:
          'Give back what this run has kept, or remove what it has put there; content and file are not given.',
      },
      on: {
        kind: 'text',
        description: "A node or proxy whose host it is put on, in place of the step's own node.",
      },
      sudo: { kind: 'boolean', description: 'Write it as root, by sudo -n.' },
    },
  },
  result: {
    changed: { type: 'boolean', description: 'Whether anything was written: not where it was so already.' },
    sha256: { type: 'string', description: 'Of what is there now, as read back; empty after restore.' },
    backup: { type: 'string', description: 'Where that which was there is kept; empty where nothing is.' },
  },
  changes: () => 'node',
  timeout: 2 * 60_000,
  undo: ({ path, on, sudo, backup, restore }): JsonObject | null =>
    path === undefined || backup === false || restore === true
      ? null
      : { path, restore: true, ...(on === undefined ? {} : { on }), ...(sudo === undefined ? {} : { sudo }) },
  check: (params) => {
    const given = ['content', 'file'].filter((key) => params[key] !== undefined).length;
    if (params['restore'] === true)
      return given === 0
        ? []
        : [{ path: ['restore'], text: 'Nothing is put there by restore: leave content and file out.' }];
    return given === 1 ? [] : [{ path: [], text: 'Give content or file, one of them.' }];
  },
};

export const runUpload: RunAction = async (params, node, around) => {
  const read = new Params(params, around.name);
  const path = withoutSecret(read.text('path'), around.mask, () => read.wrong('path', 'has a secret in it'));
  if (!/^\/[^\0\r\n]*[^/\0\r\n]$/.test(path)) throw read.wrong('path', 'is no absolute path of a file');
  return read.flag('restore') ? restore(read, path, node, around) : put(read, path, node, around);
};

async function put(read: Params, path: string, node: Node, around: ActionAround): ReturnType<RunAction> {
  const content = read.has('content')
    ? Buffer.from(read.text('content'), 'utf8')
    : await fileOf(read, around);
  const sum = createHash('sha256').update(content).digest('hex');
  const mode = read.textOr('mode', '').replace(/^0/, '');
  if (mode !== '' && !/^[0-7]{3}$/.test(mode)) throw read.wrong('mode', 'is no mode such as "0640"');
  const keeps = !read.has('backup') || read.flag('backup');
  const result = await onHost(
    {
      on: hostOf(read.textOr('on', null), node),
      script: UPLOAD_SCRIPT,
      args: [path, sum, mode, keeps ? suffixOf(around) : ''],
      sudo: read.flag('sudo'),
      stdin: content,
    },
    around,
  );
  const [done = '', backup = ''] = linesOf(result, path);
  return {
    ok: true,
    changed: done === 'written',
    sha256: sum,
    backup,
    said: done === 'written' ? `wrote ${printable(path)}` : `${printable(path)} was so already`,
  };
}

async function restore(read: Params, path: string, node: Node, around: ActionAround): ReturnType<RunAction> {
  const result = await onHost(
    {
      on: hostOf(read.textOr('on', null), node),
      script: RESTORE_SCRIPT,
      args: [path, suffixOf(around)],
      sudo: read.flag('sudo'),
    },
    around,
  );
  const [done = ''] = linesOf(result, path);
  return { ok: true, changed: done !== 'same', sha256: '', backup: '', said: `${printable(path)}: ${done}` };
}

function suffixOf({ run }: ActionAround): string {
  return `.fsha-${run}`;
}

/** What the script has printed. @throws FshaError: `action.failed` where nothing was changed, `effect.unknown` else */
function linesOf({ exitCode, signal, stdout, stderr }: CommandResult, path: string): readonly string[] {
  const lines = shownText(stdout).split('\n');
  if (exitCode === 0 && /^(?:same|written|restored|removed)$/.test(lines[0] ?? '')) return lines;
  const why = printable(shownText(stderr).split('\n').at(-1) ?? '', 300);
  const end = signal === null ? `exit status ${exitCode ?? -1}` : `ended by ${signal}`;
  const message = `${printable(path)} was not written: ${why === '' ? end : why}`;
  const certain = exitCode !== null && exitCode !== UPLOAD_EXIT.changedMeanwhile && exitCode < 124;
  if (certain) throw new FshaError('action.failed', message, 'What was there before is there still.');
  throw new FshaError('effect.unknown', message, `Look at it; what was there is kept beside it.`);
}

/** @throws FshaError `usage` where it cannot be read, or is too large */
async function fileOf(read: Params, { signal }: ActionAround): Promise<Buffer> {
  const path = read.text('file');
  if (!path.startsWith('/')) throw read.wrong('file', 'is no absolute path');
  let file;
  try {
    file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > MAX_BYTES) throw read.wrong('file', `is larger than ${MAX_BYTES} bytes`);
    return await file.readFile({ signal });
  } catch (error) {
    if (error instanceof FshaError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw read.wrong('file', `cannot be read (${code}): ${printable(path)}`);
  } finally {
    await file?.close();
  }
}
