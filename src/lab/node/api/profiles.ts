import type { Core } from '../core.ts';
import type { Platform } from './command.ts';

/** The profiles that run: none came up under that fault. */
export function profiles(core: Core): readonly string[] {
  return core.faults.is('noProfile') ? [] : core.config.profiles;
}

export function profileData(core: Core): string {
  return `sip:mod_sofia@${core.config.sip.host}:${core.config.sip.port}`;
}

/** Channels of a profile; all SIP calls are on the first one. */
export function inUse({ core, channels }: Platform, profile: string): number {
  if (profile !== core.config.profiles[0]) return 0;
  return channels.list().filter((channel) => channel.setup.name.startsWith(`sofia/${profile}/`)).length;
}
