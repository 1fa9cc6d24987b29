/** The inventory that a call means. */
import type { Cluster } from '../domain/cluster.ts';
import { printable } from '../domain/text.ts';
import type { Call } from './command.ts';

/** @throws FshaError `inventory` or `secret` with every problem */
export async function inventoryOf(call: Call, secrets: 'read' | 'leave' = 'read'): Promise<Cluster> {
  const { loadInventory } = await import('../inventory/load-inventory.ts');
  const { findInventory } = await import('../inventory/find-inventory.ts');
  const { env, cwd, home, stderr } = call.host;
  const path = await findInventory(call.globals.config, env, cwd, home);
  const onWarning = (warning: string): void => void stderr.write(`fsha: ${printable(warning, 2_000)}\n`);
  return loadInventory(path, { env, home, cwd, secrets, onWarning });
}
