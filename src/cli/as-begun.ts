/** Whether the files of a run's playbook are still what they were when it began. */
import { createHash } from 'node:crypto';
import { FshaError } from '../domain/errors.ts';
import type { PlaybookSource } from '../domain/playbook/source.ts';
import { LARGEST_PLAYBOOK } from '../playbook/playbook-file.ts';
import { readSmallFile } from '../yaml/read-file.ts';
import { saidFile } from '../yaml/said-back.ts';

/**
 * What is carried out is what the run has written down of them, whatever became of the files; but whoever changed one expects
 * that to count.
 * @param call fsha as it was called
 * @throws FshaError `refused` with every file that is another one now, or gone
 */
export async function mustBeAsBegun(run: string, { files }: PlaybookSource, call: string): Promise<void> {
  const changes = await Promise.all(files.map(changeOf));
  const changed = changes.filter((change) => change !== null);
  if (changed.length === 0) return;
  throw new FshaError(
    'refused',
    `the playbook of run ${run} is not as it was when the run began: ${changed.join('; ')}`,
    `With its steps as they were then, which the run has written down: ${call} resume ${run} --as-begun`,
  );
}

async function changeOf({ path, sha256 }: PlaybookSource['files'][number]): Promise<string | null> {
  const reading = await readSmallFile(path, LARGEST_PLAYBOOK, false);
  if ('wrong' in reading) return reading.wrong;
  const isSame = createHash('sha256').update(reading.bytes).digest('hex') === sha256;
  return isSame ? null : `${saidFile(path)} has changed`;
}
