import { execFileSync, spawn } from 'node:child_process';
import { chmod, chown, mkdir, open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { FshaError } from '../../src/domain/errors.ts';
import { openJournal } from '../../src/journal/journal-file.ts';
import { writeJournal } from '../../src/journal/journal-writer.ts';
import { readJournal } from '../../src/journal/read-journal.ts';
import { disable, enveloped, progress, RUN, settled, started } from './events.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { writerBundle } from './writer-bundle.ts';

const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o7777;

async function failure(promise: Promise<unknown>): Promise<FshaError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof FshaError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('openJournal', () => {
  test('makes a file and directories that nobody else may read', async () => {
    const dir = join(await temporaryDirectory(), 'deep', 'state');
    const journal = await openJournal({ dir, run: RUN, cluster: 'voice-eu' });
    await journal.close();
    expect(journal.path).toBe(join(dir, 'runs', `${RUN}.ndjson`));
    expect(await mode(journal.path)).toBe(0o600);
    expect(await mode(dir)).toBe(0o700);
    expect(await mode(join(dir, 'runs'))).toBe(0o700);
  });

  test('shares with the group of a directory that is shared with a group, whatever the umask', async () => {
    const dir = await temporaryDirectory();
    // A group that the user is in: any for root, else the user's own.
    const group = process.getuid?.() === 0 ? 65534 : (process.getgid?.() ?? 0);
    await chown(dir, process.getuid?.() ?? 0, group);
    await chmod(dir, 0o2770);
    const journal = await openJournal({ dir, run: RUN, cluster: 'voice-eu' });
    await journal.close();
    expect(await mode(journal.path)).toBe(0o660);
    expect((await stat(journal.path)).gid).toBe(group);
    expect(await mode(join(dir, 'runs'))).toBe(0o2770);
  });

  test('does not share where everybody may write', async () => {
    const dir = await temporaryDirectory();
    await chmod(dir, 0o1777);
    const journal = await openJournal({ dir, run: RUN, cluster: 'voice-eu' });
    await journal.close();
    expect(await mode(journal.path)).toBe(0o600);
  });

  test('never touches a journal that exists', async () => {
    const dir = await temporaryDirectory();
    await mkdir(join(dir, 'runs'));
    await writeFile(join(dir, 'runs', `${RUN}.ndjson`), 'before');
    const error = await failure(openJournal({ dir, run: RUN, cluster: 'voice-eu' }));
    expect(error.code).toBe('journal');
    expect(error.message).toBe(
      `Cannot create the journal ${join(dir, 'runs', `${RUN}.ndjson`)}: it exists already.`,
    );
    expect(await readFile(join(dir, 'runs', `${RUN}.ndjson`), 'utf8')).toBe('before');
  });

  test('says so where the state directory is a file', async () => {
    const dir = join(await temporaryDirectory(), 'file');
    await writeFile(dir, '');
    const error = await failure(openJournal({ dir: join(dir, 'below'), run: RUN, cluster: 'voice-eu' }));
    expect(error.message).toContain('a part of its path is not a directory');
    expect(error.hint).toBe('Set state.dir to a directory.');
  });

  test('refuses a run id that would leave the directory', async () => {
    const dir = await temporaryDirectory();
    await expect(openJournal({ dir, run: '../../etc/x', cluster: 'voice-eu' })).rejects.toThrow(
      'is not a run id',
    );
  });

  test('names path and remedy where permission is missing', async () => {
    const directory = await temporaryDirectory();
    const bundle = await writerBundle(directory);
    const dir = join(directory, 'state');
    await mkdir(dir, { mode: 0o555 });
    const [error] = await runWriter([bundle, dir, RUN, '1'], { asNobody: true });
    expect(error).toEqual({
      code: 'journal',
      name: 'FshaError',
      message: `Cannot create the journal ${join(dir, 'runs', `${RUN}.ndjson`)}: permission denied.`,
      hint: 'Run as a user who may use it, or set state.dir to a directory that you may write.',
    });
  });
});

describe('append', () => {
  test('writes appends that were asked for at once in their order', async () => {
    const dir = await temporaryDirectory();
    const journal = await openJournal({ dir, run: RUN, cluster: 'voice-eu' });
    const events = enveloped([
      started(),
      ...Array.from({ length: 300 }, (_, index) =>
        index % 3 === 0 ? disable('node-1') : progress('node-1', index),
      ),
      settled({ 'node-1': 'in service' }),
    ]);
    await Promise.all(events.map((event) => journal.append(event)));
    await journal.close();
    expect(await readJournal(journal.path)).toEqual({ events, torn: false });
  });

  test('is done when the line is in the file', async () => {
    const dir = await temporaryDirectory();
    const journal = await openJournal({ dir, run: RUN, cluster: 'voice-eu' });
    const [first, second, third] = enveloped([started(), progress('node-1', 3), disable('node-1')]);
    for (const event of [first, second, third]) {
      if (event === undefined) continue;
      await journal.append(event);
      expect((await readJournal(journal.path)).events.at(-1)).toEqual(event);
    }
    await journal.close();
  });

  test('syncs every event but progress and retries, and shares a sync', async () => {
    const { handle, calls } = await recordedHandle();
    const journal = writeJournal(handle, { path: 'journal', run: RUN, cluster: 'voice-eu' });
    const [first, second, third, ...rest] = enveloped([
      started(),
      progress('node-1', 2),
      {
        type: 'step.retrying',
        node: 'node-1',
        data: { attempt: 1, error: { code: 'timeout', message: 'no answer', hint: '' } },
      },
      ...Array.from({ length: 20 }, () => disable('node-1')),
    ]);
    if (first === undefined || second === undefined || third === undefined) throw new Error('no events');
    await journal.append(first);
    expect(calls).toEqual(['write', 'sync', 'synced']);
    await journal.append(second);
    await journal.append(third);
    expect(calls.slice(3)).toEqual(['write', 'write']);
    calls.length = 0;
    await Promise.all(rest.map((event) => journal.append(event)));
    expect(calls.filter((call) => call === 'write')).toHaveLength(20);
    expect(calls.filter((call) => call === 'sync').length).toBeLessThan(20);
    expect(calls.lastIndexOf('sync')).toBeGreaterThan(calls.lastIndexOf('write'));
    expect(calls.at(-1)).toBe('synced');
    await journal.close();
  });

  test('fails for good on a full disk', async () => {
    const journal = writeJournal(await open('/dev/full', 'a'), {
      path: '/dev/full',
      run: RUN,
      cluster: 'voice-eu',
    });
    const [first, second] = enveloped([started(), progress('node-1', 1)]);
    if (first === undefined || second === undefined) throw new Error('no events');
    const error = await failure(journal.append(first));
    expect(error.toJSON()).toEqual({
      code: 'journal',
      message: 'Cannot write the journal /dev/full: the disk is full.',
      hint: 'Free space there, or set state.dir to a directory on another file system.',
    });
    expect(await failure(journal.append(second))).toEqual(error);
    await journal.close();
  });

  test('fails for good where the disk does not sync', async () => {
    // Linux takes the write to /dev/null and refuses its fdatasync.
    const journal = writeJournal(await open('/dev/null', 'a'), {
      path: '/dev/null',
      run: RUN,
      cluster: 'voice-eu',
    });
    const [first, second] = enveloped([started(), disable('node-1')]);
    if (first === undefined || second === undefined) throw new Error('no events');
    const both = [failure(journal.append(first)), failure(journal.append(second))];
    expect((await Promise.all(both)).map(({ code }) => code)).toEqual(['journal', 'journal']);
    await journal.close();
  });

  test('fails for good where the disk does not answer', async () => {
    const fifo = join(await temporaryDirectory(), 'fifo');
    execFileSync('mkfifo', [fifo]);
    const handle = await open(fifo, 'r+');
    // It is full: Linux holds 64 KiB in it, and the next write waits for a reader.
    await handle.write(Buffer.alloc(65_536));
    const journal = writeJournal(handle, { path: 'journal', run: RUN, cluster: 'voice-eu' }, 50);
    const [first, second] = enveloped([started(), disable('node-1')]);
    if (first === undefined || second === undefined) throw new Error('no events');
    expect((await failure(journal.append(first))).message).toBe(
      'Cannot write the journal journal: the disk does not answer.',
    );
    expect((await failure(journal.append(second))).code).toBe('journal');
    expect((await failure(journal.close())).code).toBe('journal');
    // Lets the write through that still waits.
    await readFileOnce(fifo);
  });

  test('leaves a torn line as it is, and continues none', async () => {
    const directory = await temporaryDirectory();
    const bundle = await writerBundle(directory);
    const dir = join(directory, 'state');
    const said = await runWriter([bundle, dir, RUN, '1000'], { fileLimitKiB: 8 });
    const acknowledged = said.filter((one) => typeof one === 'number').length;
    expect(acknowledged).toBeGreaterThan(5);
    expect(said.slice(acknowledged)).toEqual([
      expect.objectContaining({
        name: 'FshaError',
        code: 'journal',
        message: expect.stringMatching(/larger than this process may write/) as string,
      }),
      expect.objectContaining({ code: 'journal' }),
    ]);
    const path = join(dir, 'runs', `${RUN}.ndjson`);
    expect((await stat(path)).size).toBe(8 * 1024);
    const { events, torn } = await readJournal(path);
    expect(torn).toBe(true);
    expect(events).toHaveLength(acknowledged);
  });

  test('loses nothing that was acknowledged when its process is killed', async () => {
    const directory = await temporaryDirectory();
    const bundle = await writerBundle(directory);
    for (const enough of [1, 20, 60]) {
      const dir = join(directory, `state-${enough}`);
      const said = await runWriter([bundle, dir, RUN, '1000000'], { killAfter: enough });
      const last = said.at(-1);
      const { events } = await readJournal(join(dir, 'runs', `${RUN}.ndjson`));
      expect(events.length).toBeGreaterThanOrEqual(Number(last));
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    }
  });

  test('does not write what could not be read again', async () => {
    const dir = await temporaryDirectory();
    const journal = await openJournal({ dir, run: RUN, cluster: 'voice-eu' });
    const [first] = enveloped([started()]);
    if (first === undefined) throw new Error('no event');
    await expect(journal.append({ ...first, seq: 2 })).rejects.toThrow('event 2 follows 0');
    await expect(journal.append({ ...first, run: '20261122-213134-aaaa' })).rejects.toThrow(
      'an event of run',
    );
    await expect(journal.append({ ...first, ...started({ cluster: 'other' }) })).rejects.toThrow(
      'a run on other in a journal of voice-eu',
    );
    await journal.append(first);
    await journal.close();
    await journal.close();
    const [, second] = enveloped([started(), disable('node-1')]);
    if (second === undefined) throw new Error('no event');
    expect((await failure(journal.append(second))).message).toContain(
      'is closed: effect.intended was not recorded',
    );
    expect((await readJournal(journal.path)).events).toEqual([first]);
  });
});

/** A real file whose writes and syncs are told in `calls`. */
async function recordedHandle() {
  const file = await open(join(await temporaryDirectory(), 'journal'), 'a');
  const calls: string[] = [];
  const handle = new Proxy(file, {
    get: (target, key) => {
      if (key === 'write') {
        return (bytes: Buffer, offset: number) => {
          calls.push('write');
          return target.write(bytes, offset);
        };
      }
      if (key === 'datasync') {
        return async () => {
          calls.push('sync');
          // As long as on a disk: what is written meanwhile waits for the next one.
          await Promise.all([target.datasync(), setTimeout(5)]);
          calls.push('synced');
        };
      }
      const value: unknown = Reflect.get(target, key);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { handle, calls };
}

interface WriterOptions {
  readonly asNobody?: boolean;
  readonly fileLimitKiB?: number;
  /** Kill with SIGKILL once that many appends were acknowledged. */
  readonly killAfter?: number;
}

/** Runs the writing process to its end and returns the lines that it printed. */
async function runWriter(args: readonly string[], options: WriterOptions): Promise<readonly unknown[]> {
  const limit = options.fileLimitKiB === undefined ? '' : `ulimit -f ${options.fileLimitKiB}; `;
  const child = spawn('bash', ['-c', `${limit}exec "$0" "$@"`, process.execPath, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(options.asNobody === true && process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {}),
  });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (options.killAfter !== undefined && said.split('\n').length > options.killAfter) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.once('close', resolve));
  return said
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as unknown);
}

async function readFileOnce(path: string): Promise<void> {
  const handle = await open(path, 'r');
  await handle.read(Buffer.alloc(65_536));
  await handle.close();
}
