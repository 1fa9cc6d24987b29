// What it takes fsha to start, against a Node that does nothing: --version, --help, and status of two nodes on the embedded lab.
// By hand, on a quiet machine. Prints medians, ratios and differences; all are run in turn, so that a busy moment meets all alike.
//
//   npm run bench:startup [-- ROUNDS]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { bundle } from './build.mjs';

const rounds = Number(process.argv[2] ?? 20);
const below = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const [dist, lab] = ['dist', 'lab'].map((name) => below(`node_modules/.fsha-bench-${name}`));
await bundle(dist);
await bundle(lab, { cluster: 'src/lab/cluster.ts' });
const { startLabCluster } = await import(`${lab}/cluster.js`);

async function seconds(args) {
  const began = performance.now();
  const child = spawn(process.execPath, args, {
    stdio: 'ignore',
    env: { ...process.env, FSHA_DIST: dist },
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`);
  return (performance.now() - began) / 1_000;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const directory = await mkdtemp(join(tmpdir(), 'fsha-bench-startup-'));
const cluster = await startLabCluster({ dist, dir: directory });
try {
  const fsha = below('bin/fsha.js');
  const commands = {
    'node -e 0': ['-e', '0'],
    'fsha --version': [fsha, '--version'],
    'fsha --help': [fsha, '--help'],
    'fsha status': [fsha, 'status', '--config', cluster.configFile],
  };
  const taken = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  // The first round fills the disk's cache.
  for (let round = -1; round < rounds; round += 1)
    for (const [name, args] of Object.entries(commands)) {
      const time = await seconds(args);
      if (round >= 0) taken[name].push(time);
    }
  const nothing = median(taken['node -e 0']);
  const ms = (value) => `${Math.round(value * 1_000)} ms`;
  console.log(`median of ${rounds}, load ${loadavg()[0].toFixed(1)}, Node ${process.versions.node}`);
  for (const [name, times] of Object.entries(taken)) {
    const its = median(times);
    const against = `${(its / nothing).toFixed(2)} × node -e 0, ${ms(its - nothing)} over it`;
    console.log(
      `${name.padEnd(16)}${ms(its).padStart(8)}   ${name === 'node -e 0' ? '' : against}`.trimEnd(),
    );
  }
  console.log('goals: --version and --help at most 1.4 × node -e 0, status at most 350 ms over it');
} finally {
  await cluster.stop();
  await Promise.all([directory, dist, lab].map((one) => rm(one, { recursive: true, force: true })));
}
