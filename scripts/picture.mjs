// Makes the picture of the README: `fsha demo` on a terminal of tmux, and its screen while the calls end.
//   node scripts/picture.mjs [FILE]     default: docs/drain.svg
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { terminalSvg } from './terminal-svg.mjs';

const [COLUMNS, ROWS] = [84, 25];
/** The demo takes some 20 s. */
const LIMIT = 90_000;
const target = process.argv[2] ?? 'docs/drain.svg';
const server = ['-L', `fsha-picture-${process.pid}`];

/** @param {readonly string[]} args */
const tmux = (args) => execFileSync('tmux', [...server, ...args], { encoding: 'utf8' });

/**
 * The screen while calls end, from the moment at which it can be said when the last one will have.
 * @param {string} screen
 */
const isWaiting = (screen) => /last call (?:within|between)/.test(screen) && !/sessions\s+0 /.test(screen);

let best = '';
tmux(['new-session', '-d', '-x', String(COLUMNS), '-y', String(ROWS), 'node bin/fsha.js demo']);
try {
  const deadline = Date.now() + LIMIT;
  while (Date.now() < deadline) {
    await setTimeout(250);
    let screen;
    try {
      screen = tmux(['capture-pane', '-e', '-p']);
    } catch {
      // The demo has ended, and with it the server.
      break;
    }
    if (!isWaiting(screen)) continue;
    best = screen;
    break;
  }
} finally {
  try {
    // Ctrl-C gives the node back and stops the lab; what is left then is nobody's.
    tmux(['send-keys', 'C-c']);
    for (let waited = 0; waited < 40; waited += 1) {
      await setTimeout(500);
      tmux(['has-session']);
    }
    tmux(['kill-server']);
  } catch {
    // It is gone already.
  }
}
if (best === '') throw new Error('the demo showed no calls that end: nothing was written');
// Who made the picture is nobody's business.
const anonymous = best.replace(/by [^\s,]+@[^\s,]+/, 'by ops@bastion');
await writeFile(target, terminalSvg(anonymous, COLUMNS, 'fsha drain node-1'));
process.stdout.write(`${target}\n`);
