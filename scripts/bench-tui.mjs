// What the screen costs: 50 nodes at 4 frames a second, on a terminal that takes everything. By hand, on a quiet machine.
// Prints the share of a core, against a process that draws nothing, and the bytes that go to the terminal.
//
//   npm run bench:tui [-- SECONDS]
import { rm } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import { PassThrough, Writable } from 'node:stream';
import { clearInterval, setInterval } from 'node:timers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundle } from './build.mjs';

const seconds = Number(process.argv[2] ?? 20);
const outdir = fileURLToPath(new URL('../node_modules/.fsha-bench', import.meta.url));
await bundle(outdir, { 'open-screen': 'src/tui/open-screen.ts', line: 'src/tui/line.ts' });
const { openScreen } = await import(`${outdir}/open-screen.js`);
const { line, spread, styled } = await import(`${outdir}/line.js`);

const NODES = 50;
const WIDTH = 100;
const BLOCKS = '▁▂▃▄▅▆▇█';

/** A table of nodes as `status --watch` draws it: a tenth of the rows differ from frame to frame, and the clock. */
function scene() {
  let frame = 0;
  return {
    onKey: () => undefined,
    draw: ({ columns, rows }, { wall }) => {
      frame += 1;
      const nodes = Array.from({ length: Math.min(NODES, rows - 2) }, (_, index) => {
        const turn = Math.floor((frame + index) / 10);
        const sessions = (index * 37 + turn * 11) % 500;
        const curve = Array.from({ length: 24 }, (_, at) => BLOCKS[(at + index + turn) % 8]).join('');
        const left = line(
          styled('strong', `node-${index + 1}`.padEnd(10)),
          styled(index % 9 === 0 ? 'warning' : 'good', index % 9 === 0 ? 'disabled' : 'active  '),
          String(sessions).padStart(6),
          ' sessions  ',
          styled('accent', curve),
        );
        return spread(left, line(styled('dim', `read ${turn % 5} s ago · 3 of 3 proxies`)), columns);
      });
      return [
        spread(line(styled('strong', 'voice-eu')), line(wall.toISOString().slice(11, 19)), columns),
        line(styled('dim', 'NODE      STATE     SESSIONS')),
        ...nodes,
      ];
    },
  };
}

class Terminal extends Writable {
  isTTY = true;
  columns = WIDTH;
  bytes = 0;
  writes = 0;

  constructor(rows) {
    super();
    this.rows = rows;
  }

  _write(chunk, _encoding, done) {
    this.bytes += chunk.length;
    this.writes += 1;
    done();
  }
}

const clock = { now: () => performance.now(), wall: () => new Date() };

/** @returns ms of CPU in each second */
async function cost() {
  const before = process.cpuUsage();
  const since = performance.now();
  await delay(seconds * 1000);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (performance.now() - since);
}

async function withScreen(rows) {
  const terminal = new Terminal(rows);
  const stdin = new PassThrough();
  const screen = await openScreen({
    scene: scene(),
    stdout: terminal,
    stdin,
    colour: true,
    clock,
    onFailure: (error) => {
      throw error;
    },
  });
  await delay(2000);
  const [bytes, writes] = [terminal.bytes, terminal.writes];
  const cpu = await cost();
  await screen.close();
  return {
    cpu,
    bytes: (terminal.bytes - bytes) / seconds,
    frames: (terminal.writes - writes) / seconds,
  };
}

const timer = setInterval(() => undefined, 250);
const empty = await cost();
clearInterval(timer);
console.log(`nothing drawn          ${(empty / 10).toFixed(2)} % of a core`);
for (const rows of [NODES + 3, 24]) {
  const { cpu, bytes, frames } = await withScreen(rows);
  const share = `${(cpu / 10).toFixed(2)} % of a core, ${(cpu / empty).toFixed(0)} times nothing`;
  const perFrame = `${((cpu - empty) / frames).toFixed(1)} ms a frame`;
  console.log(
    `${rows} rows × ${WIDTH}, ${frames.toFixed(1)} Hz   ${share}, ${perFrame}, ${bytes.toFixed(0)} bytes/s`,
  );
}
await rm(outdir, { recursive: true, force: true });
