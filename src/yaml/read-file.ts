/** Reads small files whole, and says in a sentence why one cannot be read. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { saidFile } from './said-back.ts';

export type FileReading =
  { readonly bytes: Buffer; /** Permission bits. */ readonly mode: number } | { readonly wrong: string };

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EACCES: 'cannot be read: permission denied',
  EPERM: 'cannot be read: permission denied',
  EISDIR: 'is a directory',
  ELOOP: 'cannot be read: too many symbolic links',
  ENAMETOOLONG: 'cannot be read: the name is too long',
};

/**
 * @param limit bytes; a file that is larger is not read
 * @param privately whether a file that everybody can read or write is refused, without being read
 */
export async function readSmallFile(path: string, limit: number, privately: boolean): Promise<FileReading> {
  const shown = saidFile(path);
  try {
    // Not blocking: opening a pipe that nobody writes to would wait for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const { mode, size } = await file
        .stat()
        .then((stats) => (stats.isFile() ? stats : { mode: 0, size: Number.NaN }));
      if (Number.isNaN(size)) return { wrong: `${shown} is not a file` };
      if (privately && (mode & 0o006) !== 0) {
        const bits = (mode & 0o777).toString(8).padStart(4, '0');
        return { wrong: `${shown} is open to everybody (mode ${bits}): run chmod o-rwx ${shown}` };
      }
      if (size > limit) return { wrong: `${shown} is too large: ${size} bytes, and ${limit} are the most` };
      return { bytes: await readAtMost(file, limit), mode: mode & 0o777 };
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return { wrong: `${shown} ${REASONS[code] ?? `cannot be read: ${code}`}` };
  }
}

/** Reads on to the limit and no further, although the file may have grown since it was looked at. */
async function readAtMost(file: Awaited<ReturnType<typeof open>>, limit: number): Promise<Buffer> {
  const buffer = Buffer.alloc(limit);
  let length = 0;
  while (length < limit) {
    const { bytesRead } = await file.read(buffer, length, limit - length, null);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

/** UTF-8 without its byte order mark; undefined for anything that is not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
