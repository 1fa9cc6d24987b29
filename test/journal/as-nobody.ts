/** What a user meets who owns nothing here. */
import { chmod } from 'node:fs/promises';

/** As somebody else than root; who is none already meets the same where the owner may do nothing either. */
export async function asNobody<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(65_534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

/** Lets nobody in but root. */
export async function lockAway(path: string): Promise<void> {
  await chmod(path, 0o000);
}
