/** What the commands around playbooks do; each looks at files only, and connects to nothing. */
import { basename, resolve } from 'node:path';
import { FshaError } from '../domain/errors.ts';
import { EXIT, type ExitCode } from '../domain/exit-codes.ts';
import { shellQuote } from '../domain/shell-quote.ts';
import { findInventory } from '../inventory/find-inventory.ts';
import { findPlaybook, listPlaybooks, type PlaybookFolders } from '../playbook/find-playbook.ts';
import { loadPlaybook } from '../playbook/load-playbook.ts';
import { newPlaybookText, writeNewFile } from '../playbook/new-playbook.ts';
import { playbookText } from '../playbook/playbook-text.ts';
import { argument, type Call, callText } from './command.ts';

/** Where playbooks are looked for; an inventory is not needed. */
export async function playbookFolders({ host, globals }: Call): Promise<PlaybookFolders> {
  const { cwd, env, home, dist } = host;
  const inventory = await findInventory(globals.config, env, cwd, home).catch((error: unknown) => {
    // One that was named has to be there.
    if (globals.config !== undefined) throw error;
    return null;
  });
  return { cwd, inventory, dist };
}

/** Every playbook with what it is for; exits 0 although one cannot be read, since the others can. */
export async function listThem(call: Call): Promise<ExitCode> {
  const { host, globals } = call;
  const found = await listPlaybooks(await playbookFolders(call));
  const rows = await Promise.all(
    found.map(async ({ name, path, from }) => {
      try {
        return { name, from, path, description: (await loadPlaybook(path, host)).description };
      } catch (error) {
        if (!(error instanceof FshaError)) throw error;
        return { name, from, path, description: null };
      }
    }),
  );
  if (globals.json) host.stdout.write(`${JSON.stringify({ v: 1, playbooks: rows })}\n`);
  else {
    const width = Math.max(0, ...rows.map(({ name }) => name.length));
    for (const { name, description } of rows) {
      const about = description ?? `cannot be used: see fsha playbook check ${name}`;
      host.stdout.write(`${name.padEnd(width)}  ${about.split('\n')[0] ?? ''}\n`);
    }
    if (rows.length === 0)
      host.stderr.write('There is no playbook here. Begin one: fsha playbook new FILE\n');
  }
  return EXIT.done;
}

export async function showOne(call: Call): Promise<ExitCode> {
  const { host, globals } = call;
  const path = await findPlaybook(argument(call, 0), await playbookFolders(call));
  const playbook = await loadPlaybook(path, host);
  if (globals.json) host.stdout.write(`${JSON.stringify({ v: 1, playbook })}\n`);
  else for (const line of playbookText(playbook)) host.stdout.write(`${line}\n`);
  return EXIT.done;
}

/** Exits 0, or 2 with every problem. */
export async function checkOne(call: Call): Promise<ExitCode> {
  const { host, globals } = call;
  const path = await findPlaybook(argument(call, 0), await playbookFolders(call));
  const { name, steps, files } = await loadPlaybook(path, host);
  if (globals.json)
    host.stdout.write(`${JSON.stringify({ v: 1, playbook: name, steps: steps.length, files })}\n`);
  else if (!globals.quiet)
    host.stdout.write(`${name}: ${steps.length} ${steps.length === 1 ? 'step' : 'steps'}, nothing wrong.\n`);
  return EXIT.done;
}

export async function writeNew(call: Call): Promise<ExitCode> {
  const { host } = call;
  const file = argument(call, 0);
  const name = basename(file).replace(/\.ya?ml$/, '');
  if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(name))
    throw new FshaError(
      'usage',
      'a playbook is named by its file, in small letters, digits and -',
      'For example: fsha playbook new upgrade.yaml',
    );
  const path = /\.ya?ml$/.test(file) ? file : `${file}.yaml`;
  await writeNewFile(resolve(host.cwd, path), newPlaybookText(name));
  host.stdout.write(
    `${path} is written. Look whether it is right: ${callText(call)} playbook check ${shellQuote([path])}\n`,
  );
  return EXIT.done;
}
