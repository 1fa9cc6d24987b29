import { known, unknown, type Known } from '../domain/observation.ts';
import { printable } from '../domain/text.ts';
import { isRecord } from './rpc-answer.ts';

/** `core.version` answers `kamailio 5.6.3 (x86_64/linux) `; anything else that is text is taken as it is. */
export function readVersion(result: unknown): Known<string> {
  if (typeof result !== 'string' || result.trim() === '')
    return unknown('core.version did not answer with text');
  const text = printable(result.trim());
  return known(/^kamailio (\S+)/.exec(text)?.[1] ?? text);
}

/**
 * Tells one Kamailio process from another, and changes at a restart.
 *
 * `up_since` has seconds only, and in containers every main process has the same id: two proxies that one orchestrator
 * started in the same second would pass for one. The sockets that they listen on tell them apart.
 * @param uptime the result of `core.uptime`: `{now, up_since, uptime}`, 5.6.3 and 6.1.4
 * @param processes the result of `core.ps`: process ids and descriptions in turn, the main process first
 */
export function readInstance(uptime: unknown, processes: unknown): Known<string> {
  const since = isRecord(uptime) ? uptime['up_since'] : undefined;
  if (typeof since !== 'string' || since.trim() === '') return unknown('core.uptime does not tell up_since');
  if (!Array.isArray(processes)) return unknown('core.ps did not answer with a list');
  const [main, ...others] = processes as readonly unknown[];
  if (!Number.isSafeInteger(main)) return unknown('core.ps does not tell the process id');
  const sockets = others.flatMap((entry) =>
    typeof entry === 'string' ? (/\bsock=(\S+)/.exec(entry)?.[1] ?? []) : [],
  );
  const parts = [`up since ${since.trim()}`, `process ${String(main)}`, ...[...new Set(sockets)].sort()];
  return known(printable(parts.join(', ')));
}
