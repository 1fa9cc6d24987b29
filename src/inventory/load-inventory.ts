/** fsha.yaml → Cluster. */
import { createHash } from 'node:crypto';
import { isAbsolute, relative, resolve } from 'node:path';
import type { Cluster } from '../domain/cluster.ts';
import { FshaError } from '../domain/errors.ts';
import { assembleCluster } from './assemble-cluster.ts';
import { crossErrors, crossWarnings } from './cross-checks.ts';
import { pathResolver } from './file-paths.ts';
import { nodeSettings } from './node-settings.ts';
import type { NodeSettings } from './node-settings.ts';
import { inventoryError } from './inventory-error.ts';
import { problemLine } from '../yaml/problem.ts';
import type { Problem } from '../yaml/problem.ts';
import { decodeUtf8, readSmallFile } from '../yaml/read-file.ts';
import { saidFile, saidWhole } from '../yaml/said-back.ts';
import type { Inventory } from './schema.ts';
import { leaveUnread, readSecrets } from './secret-reader.ts';
import type { SecretReference } from './secret-reference.ts';
import { checkShape } from './shape.ts';
import { readYaml } from '../yaml/yaml-document.ts';

/** 1 MiB holds some thousands of nodes. */
const LARGEST = 1_048_576;

export interface LoadOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The home directory, for `~/`. */
  readonly home: string;
  /** What a relative path is relative to, and what paths in messages are shortened by. Default: that of the process. */
  readonly cwd?: string;
  /**
   * `read` (default): variables and files are read now, and one that is missing is an error. `leave`: neither is
   * touched, for commands that connect to nothing; secrets throw when they are revealed, and certificates are absent.
   */
  readonly secrets?: 'read' | 'leave';
  /** Gets a line for everything that is allowed and hardly meant. */
  readonly onWarning?: (line: string) => void;
}

/**
 * Reads and checks an inventory.
 * @throws FshaError `inventory`, or `secret` where only secrets are amiss, that lists every problem, one a line
 */
export async function loadInventory(path: string, options: LoadOptions): Promise<Cluster> {
  const absolute = resolve(options.cwd ?? '.', path);
  const file = saidFile(shortened(absolute, options.cwd ?? resolve('.')));
  const { bytes, mode } = await readOrThrow(absolute);
  const text = decodeUtf8(bytes);
  if (text === undefined) throw fileError(`The inventory ${file} is not UTF-8 text.`);
  if (text.trim() === '') throw fileError(`The inventory ${file} is empty.`);

  const document = readYaml(text, 'The inventory');
  let problems: Problem[] = [...document.problems];
  const locate = document.locate;
  if (document.value === undefined) throw inventoryError(file, problems, locate);

  const shape = checkShape(document.value);
  problems = [...problems, ...shape.problems];
  const { inventory } = shape;
  if (inventory === undefined) throw inventoryError(file, problems, locate);

  // Written, but not there where its name is reserved: what every object has by that name is no node.
  const names = (section: 'nodes' | 'proxies'): string[] =>
    document.keys([section]).filter((name) => Object.hasOwn(inventory[section], name));
  const nodes = names('nodes').flatMap((name): NodeSettings[] => {
    const node = inventory.nodes[name];
    return node === undefined ? [] : [nodeSettings(inventory, name, node)];
  });
  problems = [...problems, ...crossErrors(inventory, nodes)];
  const resolvePath = pathResolver(absolute, options.home);
  const cluster = await assembleCluster(inventory, nodes, {
    source: { path: absolute, sha256: createHash('sha256').update(bytes).digest('hex') },
    env: options.env,
    home: options.home,
    secrets:
      options.secrets === 'leave'
        ? leaveUnread
        : readSecrets(options.env, resolvePath, (problem) => problems.push(problem)),
    resolvePath,
    names,
  });
  if (problems.length > 0) throw inventoryError(file, problems, locate);

  for (const warning of [...crossWarnings(inventory, nodes), ...plainSight(inventory, nodes, mode)]) {
    options.onWarning?.(problemLine(file, warning, locate));
  }
  return cluster;
}

async function readOrThrow(path: string): Promise<{ readonly bytes: Buffer; readonly mode: number }> {
  const reading = await readSmallFile(path, LARGEST, false);
  if ('wrong' in reading) throw fileError(`The inventory ${saidWhole(reading.wrong)}.`);
  return reading;
}

function fileError(message: string): FshaError {
  return new FshaError(
    'inventory',
    message,
    'Name another with --config FILE, or mend this one; docs/inventory.md describes it.',
  );
}

/** Relative where the file lies below the working directory. */
function shortened(path: string, cwd: string): string {
  const from = relative(cwd, path);
  return from === '' || from.startsWith('..') || isAbsolute(from) ? path : from;
}

function plainSight(inventory: Inventory, nodes: readonly NodeSettings[], mode: number): Problem[] {
  if ((mode & 0o004) === 0) return [];
  const references: (SecretReference | undefined)[] = [
    ...Object.values(inventory.proxies).flatMap(({ password, token, ssh }) => [
      password,
      token?.value,
      ssh?.passphrase,
    ]),
    ...nodes.flatMap(({ esl, ssh }) => [esl.password, ssh.passphrase]),
    inventory.redis?.password,
    inventory.postgres?.dsn,
  ];
  const literal = references.some((reference) => reference?.from === 'literal');
  return literal
    ? [
        {
          path: [],
          text: 'This file holds literal secrets and everybody can read it: run chmod o-r on it, or name files or variables.',
        },
      ]
    : [];
}
