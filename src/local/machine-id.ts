/** What tells this machine from others of its name: hosts cloned from one image, or all called `localhost`. */
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

const FILE = '/etc/machine-id';
/** fsha's own: the id itself is not to leave the machine, see machine-id(5). */
const APPLICATION = '2b8c1f0a6d5e4b7f9a3c7e1d5f60b842';

/** 16 hexadecimal digits, from the machine's id and fsha's own; null where it has none that can be read, as in many containers. */
export function machineId(file = FILE): string | null {
  let text: string;
  try {
    text = readFileSync(file, 'latin1').trim();
  } catch {
    return null;
  }
  // While a system is set up for the first time it reads `uninitialized`.
  if (!/^[0-9a-f]{32}$/.test(text) || /^0+$/.test(text)) return null;
  const key = Buffer.from(text, 'hex');
  return createHmac('sha256', key).update(Buffer.from(APPLICATION, 'hex')).digest('hex').slice(0, 16);
}
