/** Every command. Adding one is a file in this folder and a line here. */
import type { Command } from '../command.ts';
import { activate } from './activate.ts';
import { calls } from './calls.ts';
import { config } from './config.ts';
import { deactivate } from './deactivate.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { drain } from './drain.ts';
import { playbook } from './playbook.ts';
import { rolling } from './rolling.ts';
import { resume } from './resume.ts';
import { runCommand } from './run.ts';
import { runs } from './runs.ts';
import { show } from './show.ts';
import { status } from './status.ts';
import { unlock } from './unlock.ts';

export const COMMANDS: readonly Command[] = [
  drain,
  rolling,
  deactivate,
  activate,
  runCommand,
  status,
  calls,
  doctor,
  runs,
  show,
  resume,
  unlock,
  playbook,
  config,
  demo,
];
