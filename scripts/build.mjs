// Bundles src/ to dist/ (or to the folder named as the first argument): one entry for the command line, one for
// each process of the lab. Heavy libraries sit behind `await import()` and land in chunks of their own.
import { readFile, realpath, rm } from 'node:fs/promises';
import { build } from 'esbuild';

/** Characters, as in a class of a regular expression, of which each takes one column whatever stands beside it. */
export const NARROW =
  '\\u0020-\\u007e\\u00a1-\\u00ac\\u00ae-\\u02ff\\u2010-\\u2015\\u2018-\\u2026\\u2190-\\u2193\\u2500-\\u25fc\\u2713-\\u2717';

/**
 * What becomes of files of libraries, by their path in node_modules.
 * @type {Readonly<Record<string, (contents: string) => string>>}
 */
const REWRITTEN = {
  // What fsha never uses, at a cost of a fifth of every start: messages in sixty languages, axios's forms with a list of all
  // media types, and its fetch adapter and its look at the global FormData, each of which pulls in all of undici.
  'zod/v4/locales/index.js': () => "export { default as en } from './en.js';",
  'axios/lib/adapters/fetch.js': () => 'export const getFetch = () => null; export default null;',
  'form-data/lib/form_data.js': () => 'module.exports = class FormData {};',
  'axios/lib/utils.js': (contents) =>
    replaced(contents, /typeof G\.FormData.*G\.FormData : undefined/, 'undefined'),
  // A first line that comes in three pieces or more loses all but the first and the last (1.17.0): the login hangs, or fails
  // with "signature verification failed".
  'ssh2/lib/protocol/Protocol.js': (contents) =>
    replaced(
      contents,
      /^ {2}if \(!this\._buffer\)\n {4}this\._buffer = bufferSlice\(data, op\);$/m,
      '  this._buffer = bufferSlice(data, op);',
    ),
  // Tools for Ink's own developers; they are not installed.
  'ink/build/devtools.js': () => '',
  // Ink takes every row apart into characters in each frame and puts it together again, for components that lie on top of
  // each other: most of what a screen costs. Rows one below the other are taken as they are.
  'ink/build/output.js': (contents) =>
    replaced(
      contents,
      /^ {4}get\(\) \{$/m,
      '$&\n        const whole = wholeRows(this);\n        if (whole) return whole;',
    ) + `\n${wholeRows}\n`,
  // Blocks, arrows and the like are looked up one by one: as much again as the rest of a frame.
  // Intl.Segmenter and the properties of all of Unicode take longer to load than the rest of fsha: made where one is needed.
  'string-width/index.js': (contents) =>
    [
      'segmenter',
      'visibleCharacterRegex',
      'spacingMarkRegex',
      'rgiEmojiRegex',
      'extendedPictographicRegex',
    ].reduce(
      madeWhenAsked,
      replaced(contents, /\/\^\[\\u0020-\\u007E\]\*\$\/\.test/, `/^[${NARROW}]*$/.test`),
    ),
  // A cache that never forgets is a leak where a clock is shown.
  'ink/build/measure-text.js': (contents) =>
    replaced(
      contents,
      /^ {4}cache\.set\(text, dimensions\);$/m,
      '    if (cache.size > 500) cache.clear();\n$&',
    ),
};

/** @throws where the library is another one than this was written for */
export function replaced(contents, pattern, replacement) {
  if (!pattern.test(contents)) throw new Error(`it has no ${pattern}: look at what became of it`);
  return contents.replace(pattern, replacement);
}

/** A constant of a module, made when it is first asked for instead of when the module is loaded. */
function madeWhenAsked(contents, name) {
  const declared = new RegExp(`^const ${name} = (.*);$`, 'm');
  const [, value] = declared.exec(contents) ?? [];
  return replaced(
    replaced(contents, declared, '').replaceAll(new RegExp(`\\b${name}\\b`, 'g'), `${name}()`),
    /$/,
    `\nlet made_${name};\nfunction ${name}() {\n  return (made_${name} ??= ${value});\n}\n`,
  );
}

/** @type {import('esbuild').Plugin} */
const rewrite = {
  name: 'rewrite',
  async setup({ onLoad }) {
    for (const [file, change] of Object.entries(REWRITTEN)) {
      // One that was moved would be missed without a word. Other versions, deeper down, stay as they are.
      const whole = await realpath(new URL(`../node_modules/${file}`, import.meta.url));
      onLoad({ filter: new RegExp(`/${file.replaceAll('.', '\\.')}$`) }, async ({ path }) =>
        path === whole ? { contents: change(await readFile(path, 'utf8')) } : undefined,
      );
    }
  },
};

/** Put into Ink's output.js: what get() returns where every row has at most one text, from the left edge on. */
function wholeRows({ height, operations }) {
  const rows = Array.from({ length: height }, () => '');
  let next = 0;
  for (const { type, x, y, text, transformers } of operations) {
    if (type !== 'write' || x !== 0 || y < next || y >= height || text.includes('\n')) return undefined;
    rows[y] = transformers.reduce((line, transform) => transform(line, 0), text).trimEnd();
    next = y + 1;
  }
  return { output: rows.join('\n'), height };
}

const ENTRIES = {
  main: 'src/cli/main.ts',
  'lab-node': 'src/lab/node/process.ts',
  'lab-proxy': 'src/lab/proxy/process.ts',
  'lab-unit': 'src/lab/unit/process.ts',
};

/**
 * @param {string} outdir where the bundle goes; it must lie below the project, so that modesl is found
 * @param {Readonly<Record<string, string>>} entryPoints files below the project, by the name they get
 */
export async function bundle(outdir, entryPoints = ENTRIES) {
  await rm(outdir, { recursive: true, force: true });
  await build({
    entryPoints,
    absWorkingDir: new URL('..', import.meta.url).pathname,
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    sourcemap: 'linked',
    minifySyntax: true,
    plugins: [rewrite],
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
