import type { ApiCommand } from './command.ts';

export const VERSION_LINE = '1.10.12-release git a88d069 2024-08-02 21:02:27Z 64bit';
const PACKAGE = '1.10.12-release+git~20240802T210227Z~a88d069d6f~64bit';

export const hostname: ApiCommand = ({ core }) => core.config.hostname;

export const switchname: ApiCommand = ({ core }) => core.config.switchname;

/** Whole seconds. */
export const uptime: ApiCommand = ({ core }) => `${Math.floor(core.uptime / 1_000_000)}\n`;

export const version: ApiCommand = (_platform, argument) =>
  argument === 'short'
    ? '1.10.12'
    : `FreeSWITCH Version ${PACKAGE} (git a88d069 2024-08-02 21:02:27Z 64bit)\n`;
