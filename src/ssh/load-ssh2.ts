import type ssh2 from 'ssh2';

export type Ssh2 = typeof ssh2;

/** ssh2 takes a while to load, and most commands need no SSH. */
export async function loadSsh2(): Promise<Ssh2> {
  const module = await import('ssh2');
  return module.default;
}
