import type { ApiCommand } from './command.ts';

/** Nothing is read again: a stand-in has no XML. */
export const reloadxml: ApiCommand = () => '+OK [Success]\n';
