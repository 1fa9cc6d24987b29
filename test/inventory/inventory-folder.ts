import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FshaError } from '../../src/domain/errors.ts';
import type { Cluster } from '../../src/domain/cluster.ts';
import { loadInventory } from '../../src/inventory/load-inventory.ts';
import type { LoadOptions } from '../../src/inventory/load-inventory.ts';

/** A directory of its own for a test, gone at its end: `await using folder = await inventoryFolder()`. */
export async function inventoryFolder(): Promise<InventoryFolder> {
  const path = await mkdtemp(join(tmpdir(), 'fsha-inventory-'));
  const write = async (name: string, content: string | Uint8Array, mode = 0o600): Promise<string> => {
    const file = join(path, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    await chmod(file, mode);
    return file;
  };
  return {
    path,
    write,
    load: async (text, options = {}) => {
      const file = await write('fsha.yaml', text);
      return loadInventory(file, { env: ENV, home: join(path, 'home'), cwd: path, ...options });
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

export interface InventoryFolder extends AsyncDisposable {
  readonly path: string;
  write(name: string, content: string | Uint8Array, mode?: number): Promise<string>;
  load(text: string | Uint8Array, options?: Partial<LoadOptions>): Promise<Cluster>;
}

export const ENV = { FSHA_ESL_PASSWORD: 'ClueCon' };

/** What an inventory needs at least; parts can be replaced or added as lines of YAML. */
export function inventoryText(
  parts: { proxies?: string; nodes?: string; defaults?: string; rest?: string } = {},
): string {
  return [
    'version: 1',
    'cluster: voice-eu',
    'proxies:',
    parts.proxies ?? "  lb-1: { rpc: 'http://10.0.1.5:8080/RPC' }",
    'nodes:',
    parts.nodes ?? "  node-1: { destinations: [{ set: 1, uri: 'sip:10.0.1.10:5080' }] }",
    parts.defaults ?? 'defaults: { esl: { password: { env: FSHA_ESL_PASSWORD } } }',
    parts.rest ?? '',
  ].join('\n');
}

/** What was thrown, which has to be an FshaError. */
export async function refusal(loading: Promise<unknown>): Promise<FshaError> {
  const thrown: unknown = await loading.then(
    () => new Error('it was accepted'),
    (error: unknown) => error,
  );
  if (thrown instanceof FshaError) return thrown;
  throw thrown;
}
