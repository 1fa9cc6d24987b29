import { describe, it } from 'vitest';
import { expectProblem, destinations, node, two } from './problem-rows.ts';
import type { ProblemRow } from './problem-rows.ts';

const ROWS: readonly ProblemRow[] = [
  ['no nodes', { nodes: '  {}' }, '5:1 nodes: There is no node here: at least one is needed.'],
  [
    'a name that is none',
    { nodes: '  node/1: { destinations: [{ set: 1, uri: sip:a }] }' },
    '6:3 nodes.node/1: A name is letters, digits and . _ - only, begins with a letter or a digit, and has at most 253 characters.',
  ],
  [
    'a reserved name',
    { nodes: '  cluster: { destinations: [{ set: 1, uri: sip:a }] }' },
    '6:3 nodes.cluster: This name is reserved. Choose another.',
  ],
  [
    'a name that every object has',
    { nodes: '  constructor: { destinations: [{ set: 1, uri: sip:a }] }' },
    '6:3 nodes.constructor: This name is reserved. Choose another.',
  ],
  [
    'no destinations',
    { nodes: '  node-1: {}' },
    '6:3 nodes.node-1.destinations: This key is missing: a list is expected.',
  ],
  [
    'an empty list of destinations',
    destinations('[]'),
    '6:13 nodes.node-1.destinations: A node needs at least one destination.',
  ],
  [
    'neither uri nor duid',
    destinations('[{ set: 1 }]'),
    '6:28 nodes.node-1.destinations[0]: A destination needs a uri or a duid, as the dispatcher lists it.',
  ],
  [
    'both uri and duid',
    destinations('[{ set: 1, uri: sip:a, duid: b }]'),
    '6:28 nodes.node-1.destinations[0]: A destination is named by its uri or by its duid, not by both.',
  ],
  [
    'no set',
    destinations('[{ uri: sip:a }]'),
    '6:28 nodes.node-1.destinations[0].set: This key is missing: a whole number from 0 to 2147483647 is expected.',
  ],
  [
    'a set in quotes',
    destinations("[{ set: '1', uri: sip:a }]"),
    '6:35 nodes.node-1.destinations[0].set: This number stands in quotes. Write it without them.',
  ],
  [
    'a URI without sip:',
    destinations('[{ set: 1, uri: 10.0.1.10:5080 }]'),
    '6:43 nodes.node-1.destinations[0].uri: The sip: at the beginning is missing: write sip:10.0.1.10:5080.',
  ],
  [
    'a URI with a password',
    destinations("[{ set: 1, uri: 'sip:x:hunter2@h' }]"),
    '6:43 nodes.node-1.destinations[0].uri: What stands before the @ has to be a user without a password.',
  ],
  [
    'one destination on two nodes',
    two("{ set: 1, uri: 'sip:fs1:5080' }", "{ set: 1, uri: 'sip:fs1:5080' }"),
    '7:63 nodes.node-2.destinations[0].uri: This destination of set 1 belongs to two nodes: nodes.node-1.destinations[0] is the same.',
  ],
  [
    'one destination on two nodes, written differently',
    two("{ set: 1, uri: 'sip:fs1' }", "{ set: 1, uri: 'SIP:FS1:5060;transport=udp' }"),
    '7:63 nodes.node-2.destinations[0].uri: This destination of set 1 belongs to two nodes: nodes.node-1.destinations[0] is the same.',
  ],
  [
    'one duid on two nodes',
    two('{ set: 1, duid: a }, { set: 2, uri: sip:b }', '{ set: 1, duid: a }, { set: 2, uri: sip:c }'),
    '7:64 nodes.node-2.destinations[0].duid: This destination of set 1 belongs to two nodes: nodes.node-1.destinations[0] is the same.',
  ],
  [
    'one address on two nodes in two sets',
    two('{ set: 1, uri: sip:a }', '{ set: 2, uri: sip:a }'),
    '7:63 nodes.node-2.destinations[0].uri: This address belongs to two nodes: nodes.node-1.destinations[0] has it in another set.',
  ],
  [
    'one destination twice on a node',
    destinations('[{ set: 1, uri: sip:a }, { set: 1, uri: sip:a }]'),
    '6:67 nodes.node-1.destinations[1].uri: This destination of set 1 stands twice under this node: nodes.node-1.destinations[0] is the same.',
  ],
  [
    'one FreeSWITCH under two names',
    {
      nodes:
        '  a: { destinations: [{ set: 1, uri: sip:a }] }\n  b: { destinations: [{ set: 1, uri: sip:b }], esl: { host: A } }',
    },
    '7:48 nodes.b.esl: This leads to the ESL of nodes.a: one FreeSWITCH under two names.',
  ],
  [
    'no ESL password',
    { defaults: 'defaults: {}' },
    '6:3 nodes.node-1.esl.password: This key is missing. Write it here, or under defaults.esl for all nodes.',
  ],
  [
    'a node that is nowhere',
    destinations('[{ set: 1, duid: a }]'),
    /^6:3 nodes.node-1.esl.host: This key is missing, and neither .*\n.*6:3 nodes.node-1.ssh.host: This key is missing/,
  ],
  [
    'a host with a port',
    node("esl: { host: '10.0.1.10:8021' }"),
    '6:81 nodes.node-1.esl.host: "10.0.1.10:8021" is not a host name or an IP address: the port has a key of its own.',
  ],
  [
    'a host with a user',
    node("ssh: { host: 'ops:hunter2@fs1' }"),
    '6:81 nodes.node-1.ssh.host: This is not a host name or an IP address: the user has a key of its own.',
  ],
  [
    'a host that is an option',
    node("ssh: { host: '-oProxyCommand=x' }"),
    '6:81 nodes.node-1.ssh.host: "-oProxyCommand=x" is not a host name or an IP address.',
  ],
  [
    'a user that is an option',
    node("ssh: { user: '-l' }"),
    '6:81 nodes.node-1.ssh.user: This is not a user name: letters, digits and _ . - are meant, and no - at the beginning.',
  ],
  [
    'a jump host with a password',
    node("ssh: { jump: ['ops:hunter2@bastion'] }"),
    '6:82 nodes.node-1.ssh.jump[0]: This is not [user@]host[:port].',
  ],
  [
    "another user's home",
    node("ssh: { identityFile: '~ops/.ssh/id' }"),
    '6:89 nodes.node-1.ssh.identityFile: Only ~/ is understood, the home directory of whoever runs fsha. Write the whole path.',
  ],
  [
    'a port out of range',
    node('esl: { port: 65536 }'),
    '6:81 nodes.node-1.esl.port: 65536 is not a whole number from 1 to 65535.',
  ],
  [
    'a name for an IP address',
    node('sip: { ip: fs1 }'),
    '6:79 nodes.node-1.sip.ip: "fs1" is not an IP address.',
  ],
  [
    'RTP ports the wrong way round',
    node('sip: { rtp: [32768, 16384] }'),
    '6:75 nodes.node-1.sip.rtp: These are not two ports, the lower one first: write [16384, 32768].',
  ],
  [
    'one RTP port',
    node('sip: { rtp: [16384] }'),
    '6:75 nodes.node-1.sip.rtp: These are not two ports, the lower one first: write [16384, 32768].',
  ],
  [
    'fewer sessions than calls',
    node('capacity: { calls: 100, sessions: 50 }'),
    '6:102 nodes.node-1.capacity.sessions: 50 sessions cannot carry 100 calls: each is one session at least, two when bridged.',
  ],
];

describe('problems of nodes', () => {
  it.each(ROWS)('%s', async (_what, parts, said) => {
    await expectProblem(parts, said);
  });
});
