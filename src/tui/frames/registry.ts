/** The panels of a run: one file and one line in each of the two orders. */
import { banner } from './banner.ts';
import { calls } from './calls.ts';
import { header } from './header.ts';
import { log } from './log.ts';
import type { Panel } from './panel.ts';
import { proxies } from './proxies.ts';
import { rollingDetail } from './rolling-detail.ts';
import { rollingNodes } from './rolling-nodes.ts';
import { rollingRun } from './rolling-run.ts';
import { sessions } from './sessions.ts';
import { steps } from './steps.ts';

/** As they stand below each other. */
export const PANELS: readonly Panel[] = [
  header,
  banner,
  rollingRun,
  rollingNodes,
  rollingDetail,
  steps,
  sessions,
  proxies,
  calls,
  log,
];

/** What gets room first. */
export const WEIGHTY: readonly Panel[] = [
  header,
  banner,
  rollingRun,
  rollingDetail,
  rollingNodes,
  sessions,
  steps,
  proxies,
  calls,
  log,
];
