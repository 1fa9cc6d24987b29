/** `node lab-proxy.js CONFIG.json`: one stand-in proxy, until SIGTERM or SIGINT. Says {"ready":true} when it is up. */
import { readProxyConfig } from './proxy-config.ts';
import { startProxy } from './proxy.ts';

const [path] = process.argv.slice(2);
try {
  if (path === undefined) throw new Error('usage: node lab-proxy.js CONFIG.json');
  const proxy = await startProxy(await readProxyConfig(path));
  const stop = (): void => {
    process.off('SIGTERM', stop);
    process.off('SIGINT', stop);
    void proxy.stop();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.stdout.write('{"ready":true}\n');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
