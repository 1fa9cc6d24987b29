/** The panels of a run: one file and one line in each of the two orders. */
import { banner } from './banner.ts';
import { calls } from './calls.ts';
import { header } from './header.ts';
import { log } from './log.ts';
import type { Panel } from './panel.ts';
import { proxies } from './proxies.ts';
import { sessions } from './sessions.ts';
import { steps } from './steps.ts';

/** As they stand below each other. */
export const PANELS: readonly Panel[] = [header, banner, steps, sessions, proxies, calls, log];

/** What gets room first. */
export const WEIGHTY: readonly Panel[] = [header, banner, sessions, steps, proxies, calls, log];
