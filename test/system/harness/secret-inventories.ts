/** Inventories with mistakes in the very places where secrets stand. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SecretWorld } from './secret-world.ts';

export interface BadInventory {
  readonly what: string;
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Writes them into a folder of the world's. */
export function badInventories({ cluster, secrets }: SecretWorld): readonly BadInventory[] {
  const { directory } = cluster;
  const secret = secrets.wrong.text;
  const inYaml = JSON.stringify(secret);
  const inUrl = encodeURIComponent(secret);
  writeFileSync(join(directory, 'two-lines.secret'), `${secret}\n${secret}\n`, { mode: 0o600 });
  writeFileSync(join(directory, 'open.secret'), secret, { mode: 0o644 });
  const base = (password: string, rest = ''): string => `version: 1
cluster: bad
proxies: { lb-1: { rpc: 'http://127.0.0.1:9/RPC' } }
nodes:
  node-1:
    destinations: [{ set: 1, uri: 'sip:127.0.0.1:5080' }]
    esl: { password: ${password} }
${rest}`;
  const good = '{ env: SECRET_ESL }';
  const many = `version: 1
cluster: bad
proxies:
  lb-1: { rpc: 'http://fsha:${inUrl}@127.0.0.1/RPC', username: fsha, password: ${inYaml} }
  lb-2: { rpc: ${inYaml}, token: { header: X-Key, value: { envv: ${inYaml} } } }
  lb-3: { rpc: 'http://127.0.0.1/RPC?key=${inUrl}', username: ${JSON.stringify(`fsha:${secret}`)}, password: { literal: [${inYaml}] } }
  lb-4: { rpc: 'http://127.0.0.1/RPC?key=${inUrl}#${inUrl}', via: ssh, ssh: { host: ${JSON.stringify(`root:${secret}@lb-4`)} } }
nodes:
  node-1:
    destinations: [{ set: 1, uri: ${JSON.stringify(`sip:fsha:${secret}@127.0.0.1:5080`)} }]
    esl: { password: { literal: ${inYaml}, env: A }, port: ${inYaml}, pasword: ${inYaml} }
    ssh: { user: ${JSON.stringify(`root:${secret}`)}, jump: [${JSON.stringify(`root:${secret}@bastion`)}], passphrase: ${inYaml} }
    restart: { command: ${JSON.stringify(`x ${secret}\u0007`)} }
  node-2:
    destinations: [{ set: 1, uri: 'sip:127.0.0.2:5080' }]
    esl: ${inYaml}
redis: { url: 'redis://:${inUrl}@127.0.0.1:6379', password: { ${inYaml}: 1 } }
postgres: { dsn: { literal: ${JSON.stringify(`${secret}\n`)} } }
`;
  const texts: readonly (readonly [string, string, Readonly<Record<string, string>>?])[] = [
    ['a secret wherever none belongs', many],
    ['a file of two lines', base('{ file: two-lines.secret }')],
    ['a file that everybody can read', base('{ file: open.secret }')],
    ['a variable of two lines', base(good), { SECRET_ESL: `${secret}\n${secret}` }],
    ['a variable that is named by its value', base(`{ env: ${inYaml} }`)],
    ['a quote that is not closed', base(`{ literal: "${secret.replaceAll('"', '')} }`)],
    ['a secret as an alias', base(`{ literal: *${secrets.wrong.text.slice(6, 26)} }`)],
    ['a secret as a tag', base(`{ literal: !${secrets.wrong.text.slice(6, 26)} x }`)],
    ['a secret as an escape', base(`{ literal: "\\${secrets.wrong.text.slice(6, 26)}" }`)],
    ['an indentation that does not fit', base(good, `\t${secret}\n   ${secret}: [`)],
    ['a key twice', base(`{ literal: ${inYaml}, literal: ${inYaml} }`)],
    ['a file that is no inventory', secret],
    [
      'two proxies at one URL',
      base(good).replace(
        /^proxies.*$/m,
        `proxies: { a: { rpc: 'http://127.0.0.1/R?k=${inUrl}' }, b: { rpc: 'http://127.0.0.1/R?k=${inUrl}' } }`,
      ),
    ],
    [
      'a certificate that is a key, and a key that is none',
      base(good).replace(
        /^proxies.*$/m,
        `proxies: { a: { rpc: 'https://127.0.0.1/R', tls: { cert: tls.key, key: not-a-key } } }`,
      ),
    ],
  ];
  return texts.map(([what, text, env = {}], index) => {
    const path = join(directory, `bad-${index}.yaml`);
    writeFileSync(path, text, { mode: 0o600 });
    return { what, path, env };
  });
}
