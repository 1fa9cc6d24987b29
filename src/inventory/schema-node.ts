/** The shape of a node, and of the blocks that `defaults` can hold for all nodes. */
import { z } from 'zod';
import type { Destination } from '../domain/cluster.ts';
import { host, ipAddress, jumpHost, port, sipUri, user } from './addresses.ts';
import { DEFAULTS } from './defaults.ts';
import { choice, integer } from '../yaml/scalar.ts';
import { secret } from './secret-reference.ts';
import { command, duration, filePath, word } from './values.ts';

const MANY = 1_000_000;

const destination = z
  .strictObject({
    set: integer({ minimum: 0, maximum: 2_147_483_647, description: 'The number of the dispatcher set.' }),
    uri: sipUri({ description: 'The SIP URI exactly as the dispatcher lists it.' }).exactOptional(),
    duid: word('a duid', {
      pattern: '^[^\\s;=]+$',
      description:
        'The duid attribute of the destination, instead of its URI; needed where the URI stands twice in the set.',
    }).exactOptional(),
  })
  .transform(({ set, uri, duid }, context): Destination => {
    if (uri !== undefined && duid === undefined) return { set, uri };
    if (duid !== undefined && uri === undefined) return { set, duid };
    const message =
      uri === undefined
        ? 'A destination needs a uri or a duid, as the dispatcher lists it.'
        : 'A destination is named by its uri or by its duid, not by both.';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  })
  .meta({ oneOf: [{ required: ['uri'] }, { required: ['duid'] }] });

/** @param hostDefault a sentence that says what holds where no host is given */
export function sshTarget(hostDefault: string) {
  return z
    .strictObject({
      host: host({
        description: `The host to log in to, or its name in your ssh configuration. ${hostDefault}`,
      }).exactOptional(),
      port: port({ description: 'Default: what your ssh configuration says, else 22.' }).exactOptional(),
      user: user({
        description: 'Default: what your ssh configuration says, else your own name.',
      }).exactOptional(),
      identityFile: filePath('the path of a private key', {
        description: 'A private key. Default: what your ssh configuration says, and the agent.',
      }).exactOptional(),
      passphrase: secret({ description: 'The passphrase of the private key.' }).exactOptional(),
      knownHostsFile: filePath('the path of a known_hosts file', {
        description: 'Default: what your ssh configuration says, else ~/.ssh/known_hosts.',
      }).exactOptional(),
      jump: z
        .array(jumpHost({ description: '[user@]host[:port]' }))
        .exactOptional()
        .meta({
          description:
            'Hosts to go through: the first is reached from here, each next one through the one before.',
        }),
    })
    .meta({ description: 'How the host is reached over SSH.' });
}

const esl = z
  .strictObject({
    host: host({
      description:
        'Where ESL listens. Default: 127.0.0.1 where via is ssh (as seen from the node), else ssh.host or sip.ip.',
    }).exactOptional(),
    port: port({ default: DEFAULTS.eslPort, description: 'The port of ESL.' }).exactOptional(),
    password: secret({
      description: 'The password of event_socket.conf.xml. Required, here or under defaults.esl.',
    }).exactOptional(),
    via: choice(['direct', 'ssh'], {
      default: 'direct',
      description: 'ssh: reach ESL through SSH to the node.',
    }).exactOptional(),
  })
  .meta({ description: 'The event socket of FreeSWITCH.' });

const rtpRange = z
  .array(port({ description: 'A UDP port.' }))
  .transform((ports, context): readonly [number, number] => {
    const [first, last, ...more] = ports;
    if (first !== undefined && last !== undefined && first < last && more.length === 0) return [first, last];
    context.addIssue({
      code: 'custom',
      message: 'These are not two ports, the lower one first: write [16384, 32768].',
    });
    return z.NEVER;
  })
  .meta({ minItems: 2, maxItems: 2, description: 'The first and the last RTP port.' });

const sip = z
  .strictObject({
    profile: word('the name of a Sofia profile', {
      pattern: '^[A-Za-z0-9._-]+$',
      default: DEFAULTS.sipProfile,
      description: 'The Sofia profile that serves the calls from the proxies.',
    }).exactOptional(),
    ip: ipAddress({
      description: "The profile's sip-ip. Default: the host of the first destination URI.",
    }).exactOptional(),
    port: port({
      description: `The profile's sip-port. Default: the port of the first destination URI where its host is sip.ip, else ${DEFAULTS.sipPort}.`,
    }).exactOptional(),
    extIp: ipAddress({ description: "The profile's ext-sip-ip." }).exactOptional(),
    rtp: rtpRange.exactOptional(),
  })
  .meta({ description: 'The SIP side of the node.' });

const capacity = z
  .strictObject({
    calls: integer({
      minimum: 1,
      maximum: MANY,
      default: DEFAULTS.calls,
      description: 'Calls at the same time.',
    }).exactOptional(),
    sessions: integer({
      minimum: 1,
      maximum: 2 * MANY,
      description:
        'Sessions at the same time. Default: twice the calls, since a bridged call is two sessions.',
    }).exactOptional(),
    callsPerSecond: integer({
      minimum: 1,
      maximum: MANY,
      default: DEFAULTS.callsPerSecond,
      description: 'New calls in a second.',
    }).exactOptional(),
  })
  .meta({ description: 'What the node can carry.' });

/** @param defaults what holds where a key is left out; nothing for a node, which has the cluster's */
export function restartBlock(
  description: string,
  defaults: { readonly command?: string; readonly timeout?: string },
) {
  const withDefault = (text: string | undefined): { default?: string } =>
    text === undefined ? {} : { default: text };
  return z
    .strictObject({
      command: command({
        ...withDefault(defaults.command),
        description: 'The shell line that restarts FreeSWITCH, run on the node over SSH.',
      }).exactOptional(),
      timeout: duration({
        ...withDefault(defaults.timeout),
        description: 'From the command to a new core_uuid.',
      }).exactOptional(),
    })
    .meta({ description });
}

const nodeBlocks = {
  esl: esl.exactOptional(),
  ssh: sshTarget('Default: sip.ip, else esl.host where via is direct.').exactOptional(),
  sip: sip.exactOptional(),
  capacity: capacity.exactOptional(),
};

export const node = z
  .strictObject({
    labels: z
      .record(
        z
          .string()
          .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/, 'The name of a label is letters, digits and . _ / - only.'),
        word('the value of a label', { description: 'Any text.' }),
      )
      .exactOptional()
      .meta({ description: 'What --select chooses by.' }),
    destinations: z.array(destination).min(1, 'A node needs at least one destination.').meta({
      description: 'Where the node stands in the dispatcher; several where it is listed several times.',
    }),
    ...nodeBlocks,
    restart: restartBlock("What differs from the cluster's restart.", {}).exactOptional(),
  })
  .meta({ description: 'A FreeSWITCH. Its name is its switchname.' });

export const nodeDefaults = z.strictObject(nodeBlocks).meta({
  description: 'Under every node: maps are merged key by key, lists and secrets are replaced as a whole.',
});
