// Bundles src/ to dist/ (or to the folder named as the first argument): one entry for the command line, one for
// each process of the lab. Heavy libraries sit behind `await import()` and land in chunks of their own.
import { readFile, rm } from 'node:fs/promises';
import { build } from 'esbuild';

/**
 * What libraries load and fsha never uses, at a cost of a fifth of every start: messages of zod in sixty languages, and
 * axios's fetch adapter and its look at the global FormData, each of which pulls in all of undici.
 * @type {import('esbuild').Plugin}
 */
const leftOut = {
  name: 'left-out',
  setup({ onLoad }) {
    onLoad({ filter: /zod\/v4\/locales\/index\.js$/ }, () => ({
      contents: "export { default as en } from './en.js';",
    }));
    onLoad({ filter: /axios\/lib\/utils\.js$/ }, async ({ path }) => ({
      contents: (await readFile(path, 'utf8')).replace(
        /typeof G\.FormData.*G\.FormData : undefined/,
        'undefined',
      ),
    }));
    onLoad({ filter: /axios\/lib\/adapters\/fetch\.js$/ }, () => ({
      contents: 'export const getFetch = () => null; export default null;',
    }));
  },
};

/** @param {string} outdir where the bundle goes; it must lie below the project, so that modesl is found */
export async function bundle(outdir) {
  await rm(outdir, { recursive: true, force: true });
  await build({
    entryPoints: {
      main: 'src/cli/main.ts',
      'lab-node': 'src/lab/node/process.ts',
      'lab-proxy': 'src/lab/proxy/process.ts',
      'lab-unit': 'src/lab/unit/process.ts',
    },
    absWorkingDir: new URL('..', import.meta.url).pathname,
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'linked',
    minifySyntax: true,
    plugins: [leftOut],
    keepNames: true,
    logLevel: 'warning',
    define: { 'process.env.NODE_ENV': '"production"' },
    // modesl stays in node_modules: bundled, it prints DEP0005. Native addons of ssh2 are optional.
    external: ['modesl', '*.node', 'cpu-features'],
    banner: {
      js: [
        "import { createRequire as __createRequire } from 'node:module';",
        "import { fileURLToPath as __fileURLToPath } from 'node:url';",
        'const require = __createRequire(import.meta.url);',
        'const __filename = __fileURLToPath(import.meta.url);',
        "const __dirname = __fileURLToPath(new URL('.', import.meta.url));",
      ].join('\n'),
    },
  });
}

if (process.argv[1] === new URL(import.meta.url).pathname) await bundle(process.argv[2] ?? 'dist');
