/** The shape of a proxy. */
import { z } from 'zod';
import { httpUrl, network } from './addresses.ts';
import { DEFAULTS } from './defaults.ts';
import { choice } from '../yaml/scalar.ts';
import { sshTarget } from './schema-node.ts';
import { secret } from './secret-reference.ts';
import { duration, filePath, word } from './values.ts';

const token = z
  .strictObject({
    header: word('the name of an HTTP header', {
      pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$",
      description: 'The name of the header, for example X-Api-Key or Authorization.',
    }),
    value: secret({ description: 'The whole value of the header.' }),
  })
  .meta({ description: 'A header of your choice that carries a token, instead of username and password.' });

const tls = z
  .strictObject({
    ca: filePath('the path of a PEM file', {
      description: "Certificates of the authority that signed the proxy's. Default: the system's.",
    }).exactOptional(),
    cert: filePath('the path of a PEM file', { description: 'The client certificate.' }).exactOptional(),
    key: filePath('the path of a PEM file', {
      description: 'The private key of the client certificate, not readable by everybody.',
    }).exactOptional(),
  })
  .meta({ description: 'For an RPC over https.' });

export const proxy = z
  .strictObject({
    rpc: httpUrl({ description: 'The URL of the JSON-RPC; as seen from the proxy where via is ssh.' }),
    frTimer: duration({
      default: DEFAULTS.frTimer,
      description:
        "tm's fr_timer: how long an INVITE under way may still reach a node that is out. It cannot be read by RPC.",
    }).prefault(DEFAULTS.frTimer),
    list: word('an absolute path', {
      default: DEFAULTS.list,
      pattern: '^/[^\\0\\r\\n]*[^/\\0\\r\\n]$',
      description: 'Its dispatcher list (modparam list_file), on its own host. Playbooks change it there.',
    }).prefault(DEFAULTS.list),
    networks: z
      .array(network({ description: 'An address and a length.' }))
      .exactOptional()
      .meta({ description: 'Where its own calls come from.' }),
    username: word('a user name', {
      description: 'For Basic authentication.',
      pattern: '^[^:]+$',
    }).exactOptional(),
    password: secret({ description: 'For Basic authentication.' }).exactOptional(),
    token: token.exactOptional(),
    tls: tls.exactOptional(),
    via: choice(['direct', 'ssh'], {
      default: 'direct',
      description: "ssh: reach the RPC through SSH to the proxy's host; then ssh.host has to be there.",
    }).exactOptional(),
    ssh: sshTarget('Required where via is ssh.').exactOptional(),
  })
  .meta({ description: 'A Kamailio that can send calls to the nodes.' });
