/**
 * The shape of fsha.yaml. What is said of each key is what `fsha config schema` tells editors. What one key means for
 * another is in cross-checks.ts, and what a node takes from the defaults in node-settings.ts.
 */
import { z } from 'zod';
import { redisUrl } from './addresses.ts';
import { DEFAULTS } from './defaults.ts';
import { boolean, choice, integer, scalar, wrong } from '../yaml/scalar.ts';
import { node, nodeDefaults, restartBlock } from './schema-node.ts';
import { proxy } from './schema-proxy.ts';
import { secret } from './secret-reference.ts';
import {
  age,
  command,
  countOrPercentage,
  dialString,
  duration,
  durationOrNone,
  filePath,
  percentage,
  regularExpression,
  word,
} from './values.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/;

/**
 * Names that would collide elsewhere: `cluster/…` names steps that belong to no node, and maps by name are plain
 * objects, in which the others are always there.
 */
const RESERVED: ReadonlySet<string> = new Set(['cluster', ...Object.getOwnPropertyNames(Object.prototype)]);

const name = z
  .string()
  .regex(
    NAME,
    'A name is letters, digits and . _ - only, begins with a letter or a digit, and has at most 253 characters.',
  )
  .refine((written) => !RESERVED.has(written), 'This name is reserved. Choose another.');

const version = scalar<1>(
  { type: 'integer', const: 1, description: 'The version of this format.' },
  (written) => {
    if (written === 1) return { value: written };
    const what =
      written === undefined ? 'The version of the format is missing' : 'This fsha reads version 1 only';
    return wrong(`${what}: write version: 1.`);
  },
);

const timeouts = z
  .strictObject({
    connect: duration({
      default: '5s',
      description: 'For each connection, from the first packet to logged in.',
    }).prefault('5s'),
    request: duration({ default: '5s', description: 'From a request to its whole answer.' }).prefault('5s'),
    keepalive: duration({
      default: '5s',
      description: 'Between two signs of life on an idle connection; three missed end it.',
    }).prefault('5s'),
  })
  .prefault({})
  .meta({ description: 'How long fsha waits for servers.' });

const drain = z
  .strictObject({
    timeout: durationOrNone({
      default: '2h',
      description: 'How long to wait for calls to end, from the moment the node is out; none: for ever.',
    }).prefault('2h'),
    poll: duration({ default: '5s', description: 'Between two looks.' }, 100).prefault('5s'),
    settle: duration(
      { default: '5s', description: 'Zero counts when it was seen at least twice over this long.' },
      0,
    ).prefault('5s'),
    onTimeout: choice(['restore', 'hold', 'hangup'], {
      default: 'restore',
      description: 'When the time is up with calls left: give the node back, leave it out, or hang up.',
    }).prefault('restore'),
    threshold: integer({
      minimum: 0,
      maximum: 1_000_000,
      default: 0,
      description: 'So many calls left may be cut.',
    }).prefault(0),
    fence: choice(['zero', 'early', 'none'], {
      default: 'zero',
      description:
        "When the node's inbound side is paused: once seen empty, right after it is out, or never.",
    }).prefault('zero'),
    hangupCause: word('the name of a hangup cause, such as NORMAL_CLEARING', {
      pattern: '^[A-Z][A-Z0-9_]*$',
      default: 'NORMAL_CLEARING',
      description: 'The cause with which calls are cut.',
    }).prefault('NORMAL_CLEARING'),
    protect: z
      .array(regularExpression({ description: 'Over destination numbers.' }))
      .prefault([])
      .meta({ description: 'Calls to these numbers are never cut.' }),
    protectTimeout: durationOrNone({
      default: 'none',
      description: 'How long protected calls are waited for beyond the timeout; none: for ever.',
    }).prefault('none'),
    expendable: z
      .array(regularExpression({ description: 'Over destination numbers.' }))
      .prefault([])
      .meta({ description: 'Calls to these numbers may be cut without counting: recorders, keep-alives.' }),
    onHangup: choice(['continue', 'restore'], {
      default: 'continue',
      description: 'When the terminal is lost: the run goes on, or is undone.',
    }).prefault('continue'),
    onOut: z
      .strictObject({
        command: command({ description: 'A shell line, for example one that stops dialers.' }),
        timeout: duration({
          default: '30s',
          description: 'How long it may take; then it is ended, with a warning.',
        }).prefault('30s'),
      })
      .exactOptional()
      .meta({ description: 'Run on this machine when the node is out.' }),
  })
  .prefault({})
  .meta({ description: 'How a node is drained.' });

const verify = z
  .strictObject({
    timeout: duration({ default: '2m', description: 'How long the node may take to be healthy.' }).prefault(
      '2m',
    ),
    profiles: choice(['same', 'none'], {
      default: 'same',
      description: 'same: every Sofia profile that ran before runs again.',
    }).prefault('same'),
    gateways: choice(['same', 'none'], {
      default: 'same',
      description: 'same: every gateway that was registered before is so again.',
    }).prefault('same'),
    options: boolean({
      default: true,
      description: 'The node answers SIP OPTIONS from here, where it did so before.',
    }).prefault(true),
    call: dialString({
      default: 'none',
      description:
        'A FreeSWITCH dial string that the node calls as a last test, for example loopback/9196/public; or none.',
    }).prefault('none'),
    minSoak: duration(
      {
        default: '5s',
        description: 'How long the node is watched as active on every proxy before the run is done.',
      },
      0,
    ).prefault('5s'),
  })
  .prefault({})
  .meta({ description: 'What a restarted node has to show before it goes back in.' });

const rolling = z
  .strictObject({
    maxUnavailable: countOrPercentage({
      default: 1,
      description: 'So many nodes may be out at the same time, as a number or a percentage.',
    }).prefault(1),
    maxFailures: integer({
      minimum: 0,
      maximum: 100_000,
      default: 0,
      description: 'So many nodes may fail before the run stops.',
    }).prefault(0),
    pause: duration({ default: '30s', description: 'Between two batches.' }, 0).prefault('30s'),
    canary: integer({
      minimum: 0,
      maximum: 100_000,
      default: 1,
      description:
        'So many nodes go first, in a batch of their own, side by side as far as `maxUnavailable` lets them; without effect where as many go at a time anyway.',
    }).prefault(1),
    headroom: percentage({
      default: '20%',
      description: "The share of the survivors' capacity that stays free.",
    }).prefault('20%'),
    order: choice(['inventory', 'sessions'], {
      default: 'inventory',
      description: 'As written in the inventory, or those with the fewest sessions first.',
    }).prefault('inventory'),
    dispatch: choice(['next', 'even'], {
      default: 'next',
      description:
        "How a lost node's share spreads: to one neighbour (hash algorithms, algorithm 9), or evenly by heads (weights are not reckoned with).",
    }).prefault('next'),
  })
  .prefault({})
  .meta({ description: 'How several nodes are restarted one after the other.' });

const redis = z
  .strictObject({
    url: redisUrl({ description: 'The server, as redis:// or rediss:// URL without credentials.' }),
    username: word('a user name', { description: 'For servers with ACLs.' }).exactOptional(),
    password: secret({ description: 'The password.' }).exactOptional(),
    keyPattern: word('a pattern with one *', {
      pattern: '^[^*]*[*][^*]*$',
      default: 'call:*',
      description: 'The keys of the pins; * stands for the Call-ID.',
    }).prefault('call:*'),
    ttl: duration({
      default: '2h',
      description: 'How long the proxies keep a pin: the longest call.',
    }).prefault('2h'),
  })
  .meta({ description: 'The registry that pins calls to nodes.' });

const postgres = z
  .strictObject({ dsn: secret({ description: 'The DSN, as core-db-dsn in switch.conf.xml has it.' }) })
  .meta({ description: 'The database that the nodes share.' });

export const inventoryShape = z
  .strictObject({
    version,
    cluster: word(
      'a name of small letters, digits and - (a letter or a digit first, at most 64 characters)',
      {
        pattern: '^[a-z0-9][a-z0-9-]{0,63}$',
        description: 'The name of the cluster: small letters, digits and -.',
      },
    ),
    state: z
      .strictObject({
        dir: filePath('the path of a directory', {
          description:
            'Journals and lock; operators of one host should share it. Default: $XDG_STATE_HOME/fsha.',
        }).exactOptional(),
        keepRuns: integer({
          minimum: 1,
          maximum: 1_000_000,
          default: 1_000,
          description: 'Of the runs that have ended the journals of so many are kept.',
        }).prefault(1_000),
        keepAge: age({
          default: '2160h',
          description: 'Journals of runs that ended longer ago are deleted.',
        }).prefault('2160h'),
      })
      .prefault({})
      .meta({ description: 'Where fsha keeps its state.' }),
    timeouts,
    proxies: z
      .record(name, proxy)
      .refine((written) => Object.keys(written).length > 0, 'There is no proxy here: at least one is needed.')
      .meta({ minProperties: 1, description: 'Every Kamailio that can send calls to the nodes.' }),
    nodes: z
      .record(name, node)
      .refine((written) => Object.keys(written).length > 0, 'There is no node here: at least one is needed.')
      .meta({ minProperties: 1, description: 'Every FreeSWITCH of the cluster.' }),
    defaults: nodeDefaults.prefault({}),
    drain,
    restart: restartBlock('How FreeSWITCH is restarted.', {
      command: DEFAULTS.restartCommand,
      timeout: DEFAULTS.restartTimeout,
    }).prefault({}),
    verify,
    rolling,
    redis: redis.exactOptional(),
    postgres: postgres.exactOptional(),
  })
  .meta({ title: 'fsha.yaml', description: 'The inventory of fsha: a FreeSWITCH cluster behind Kamailio.' });

/** The inventory as it is written, checked value by value, in milliseconds and with the defaults of its sections. */
export type Inventory = z.output<typeof inventoryShape>;

/** The JSON Schema of fsha.yaml (draft 7), for editors. */
export function inventorySchema(): object {
  return z.toJSONSchema(inventoryShape, {
    io: 'input',
    target: 'draft-7',
    // zod leaves the default of what is transformed out: it holds for the result. Ours are those of the text.
    override: ({ zodSchema, jsonSchema }) => {
      const noted = z.globalRegistry.get(zodSchema)?.['default'];
      if (noted !== undefined) jsonSchema.default = noted;
    },
  });
}
