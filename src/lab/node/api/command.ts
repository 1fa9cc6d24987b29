import type { ChannelTable } from '../channels.ts';
import type { Core } from '../core.ts';
import type { Registrations } from '../registrations.ts';

/** What a command may look at and act on. */
export interface Platform {
  readonly core: Core;
  readonly channels: ChannelTable;
  readonly registrations: Registrations;
  /** Ends the process as `fsctl shutdown` wishes; `undefined` takes the wish back. */
  shutdown(mode: 'elegant' | 'asap' | 'now' | undefined): void;
}

/** Gets the text after the command's name; what it returns is the body, to the byte. */
export type ApiCommand = (platform: Platform, argument: string) => string;

export const words = (text: string): string[] => text.split(' ').filter((word) => word !== '');
