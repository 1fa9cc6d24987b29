/** A FreeswitchNode and the scripted server that it speaks to. */
import { Secret } from '../../src/domain/secret.ts';
import { FreeswitchNode, type FreeswitchSettings } from '../../src/freeswitch/freeswitch-node.ts';
import { systemClock } from '../../src/workflow/system-clock.ts';
import { atEnd, dialer, spoof } from './esl-client.ts';
import { answering, type Answers } from './scripted-node.ts';
import { PASSWORD, type SpoofBehaviour, type SpoofEslServer } from './spoof-esl-server.ts';

/** For what is expected to time out. */
export const QUICK = { connect: 100, request: 100, keepalive: 5_000 };

export function nodeAt(port: number, changes: Partial<FreeswitchSettings> = {}): FreeswitchNode {
  const node = new FreeswitchNode({
    node: 'node-1',
    address: `127.0.0.1:${port}`,
    connect: dialer(port),
    password: new Secret(PASSWORD),
    timeouts: { connect: 5_000, request: 5_000, keepalive: 5_000 },
    clock: systemClock,
    ...changes,
  });
  atEnd(() => node.close());
  return node;
}

export async function scripted(
  answers: Answers = {},
  changes: Partial<FreeswitchSettings> = {},
  behaviour: SpoofBehaviour = {},
): Promise<{ server: SpoofEslServer; node: FreeswitchNode }> {
  const server = await spoof({ command: answering(answers), ...behaviour });
  return { server, node: nodeAt(server.port, changes) };
}
