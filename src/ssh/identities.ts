/** The keys that are tried at a server, in OpenSSH's order: those named, from the agent or from disk, then the agent's others. */
import type { AnyAuthMethod, ParsedKey } from 'ssh2';
import { FshaError } from '../domain/errors.ts';
import { printable } from '../domain/text.ts';
import { openAgent, type SshAgent } from './agent.ts';
import { fingerprint, shortType } from './known-hosts.ts';
import type { KeyFiles } from './private-key-file.ts';
import type { Hop, IdentityFile } from './route.ts';
import { shortPath } from './ssh-paths.ts';

export interface Attempt {
  /** Names the key, never its contents. */
  readonly label: string;
  readonly method: AnyAuthMethod;
}

export interface Identities {
  readonly attempts: readonly Attempt[];
  /** Keys that could not be tried, each a clause with the reason. */
  readonly skipped: readonly string[];
  close(): void;
}

export interface IdentityQuestion {
  readonly hop: Hop;
  /** Begins every message. */
  readonly label: string;
  readonly home: string;
  readonly keyFiles: KeyFiles;
  readonly onWarning: (text: string) => void;
}

/** @throws FshaError `ssh.key` where a key that the inventory names cannot be used */
export async function gatherIdentities(question: IdentityQuestion, ended: AbortSignal): Promise<Identities> {
  const { hop } = question;
  const attempts: Attempt[] = [];
  const skipped: string[] = [];
  const agent = await reachAgent(question, skipped, ended);
  const usedKeys: ParsedKey[] = [];
  try {
    for (const file of hop.identityFiles) {
      const { held, attempt, trouble } = await considerFile(file, agent, question);
      if (held !== null) usedKeys.push(held);
      if (attempt !== null) attempts.push(attempt);
      else if (trouble !== null) skipped.push(trouble);
    }
  } catch (error) {
    agent?.close();
    throw error;
  }
  if (agent !== null && !hop.identitiesOnly) {
    const others = agent.keys.filter((key) => !usedKeys.includes(key));
    attempts.push(...others.map((key) => agentAttempt(agent, key, hop.user)));
  }
  return { attempts, skipped, close: () => agent?.close() };
}

async function reachAgent(
  question: IdentityQuestion,
  skipped: string[],
  ended: AbortSignal,
): Promise<SshAgent | null> {
  const path = question.hop.agent;
  if (path === null) return null;
  try {
    return await openAgent(path, ended);
  } catch {
    skipped.push('the ssh agent, which does not answer');
    question.onWarning(`The ssh agent at ${printable(path)} does not answer; its keys are not tried.`);
    return null;
  }
}

interface Considered {
  /** The agent's key that this file names. */
  readonly held: ParsedKey | null;
  readonly attempt: Attempt | null;
  readonly trouble: string | null;
}

async function considerFile(
  { path, required }: IdentityFile,
  agent: SshAgent | null,
  { hop, label, home, keyFiles }: IdentityQuestion,
): Promise<Considered> {
  const { file, publicKey } = await keyFiles.read(path, hop.passphrase);
  const held =
    publicKey === null ? undefined : agent?.keys.find((key) => key.getPublicSSH().equals(publicKey));
  if (agent !== null && held !== undefined) {
    return { held, attempt: agentAttempt(agent, held, hop.user), trouble: null };
  }
  const name = printable(shortPath(path, home));
  if (file.kind === 'usable') {
    const method: AnyAuthMethod = { type: 'publickey', username: hop.user, key: file.key };
    return { held: null, attempt: { label: name, method }, trouble: null };
  }
  const why = file.kind === 'missing' ? 'does not exist' : file.why;
  if (required) {
    const hint = file.kind === 'missing' ? 'Correct "ssh.identityFile" in the inventory.' : file.hint;
    throw new FshaError('ssh.key', `${label}: the key ${name} ${why}`, hint);
  }
  // The usual names are looked for wherever ssh runs; that one of them is missing says nothing.
  return { held: null, attempt: null, trouble: file.kind === 'missing' ? null : `${name}, which ${why}` };
}

function agentAttempt(agent: SshAgent, key: ParsedKey, username: string): Attempt {
  const label = `${shortType(key.type)} ${fingerprint(key.getPublicSSH())} from the agent`;
  return { label, method: { type: 'agent', username, agent: agent.withOnly(key) } };
}
