/** Every kind of fault, and what each must lead to where: derived from what fsha promises, not from what it did. */
import type { Way } from './fault-network.ts';
import { cleanExit, type Place } from './fault-stages.ts';
import type { TcpFault } from './tcp-faults.ts';

export type NetworkKind = 'cut' | 'half-open' | 'corrupt' | 'delay' | 'split' | 'slow';

interface Fault {
  readonly fault: TcpFault;
  /** Everything gets there, whole: it changes nothing. It lasts as long as the step. */
  readonly isHarmless: boolean;
}

export const NETWORK: Readonly<Record<NetworkKind, Fault>> = {
  cut: { fault: 'cut', isHarmless: false },
  'half-open': { fault: 'half-open', isHarmless: false },
  corrupt: { fault: { corrupt: 5 }, isHarmless: false },
  // A look at a node asks some ten questions, one after the other, and has the request timeout for all of them.
  delay: { fault: { delay: 30 }, isHarmless: true },
  split: { fault: { split: 'bytes' }, isHarmless: true },
  slow: { fault: { slow: 8_000 }, isHarmless: true },
};
export const NETWORK_KINDS = Object.keys(NETWORK) as readonly NetworkKind[];

/** What a fault must lead to. */
export interface Expected {
  /** Several only where `why` says on what it depends. */
  readonly exits: readonly number[];
  readonly why?: string;
}

export interface NetworkFaults {
  /** As people would call that way: `lb-1’s RPC`. */
  readonly what: string;
  readonly ways: readonly Way[];
  /** How fsha reaches ESL and RPC. */
  readonly via: 'direct' | 'ssh';
  readonly kinds: readonly NetworkKind[];
}

export interface Trouble {
  readonly ways: readonly Way[];
  readonly via: 'direct' | 'ssh';
  readonly kind: NetworkKind;
}

/** Ways in trouble, each a file's or a part of one. */
export const NETWORK_SUITES = {
  rpc: { what: 'lb-1’s RPC', ways: ['lb-1'], via: 'direct', kinds: NETWORK_KINDS },
  esl: { what: 'node-1’s ESL', ways: ['esl'], via: 'direct', kinds: NETWORK_KINDS },
  ssh: { what: 'SSH to node-1', ways: ['ssh'], via: 'direct', kinds: NETWORK_KINDS },
  // The machine of fsha has lost its network, or has a bad one.
  all: {
    what: 'Every way',
    ways: ['lb-1', 'lb-2', 'esl', 'ssh'],
    via: 'direct',
    kinds: ['cut', 'half-open', 'delay', 'split', 'slow'],
  },
  // What comes late or in pieces goes through SSH as it does by itself, and what is damaged cuts it.
  eslInSsh: { what: 'SSH to node-1 with ESL in it', ways: ['esl'], via: 'ssh', kinds: ['cut', 'half-open'] },
  rpcInSsh: {
    what: 'SSH to lb-1 with its RPC in it',
    ways: ['lb-1'],
    via: 'ssh',
    kinds: ['cut', 'half-open'],
  },
} as const satisfies Readonly<Record<string, NetworkFaults>>;

/** What can happen to servers, and to the machine of fsha; at every place. */
export const OTHER_KINDS = [
  'proxy reloaded',
  'proxy restarted',
  'node killed',
  'clock jump',
  'disk full',
  'stdout closed',
] as const;

/** The kinds of faults that are tried at that place. */
export function kindsAt(place: Place): ReadonlySet<string> {
  const network = Object.values<NetworkFaults>(NETWORK_SUITES).flatMap(({ ways, via, kinds }) =>
    kinds.filter((kind) => isTriedAt(place, { ways, via, kind })),
  );
  return new Set([...network, ...OTHER_KINDS]);
}

/**
 * Which places it is tried at. What changes nothing meets a drain on each way, every other run on all ways at once; SSH with ESL or RPC
 * in it, the runs that log in while something goes on.
 */
export function isTriedAt({ stage }: Place, { ways, via, kind }: Trouble): boolean {
  if (via === 'ssh') return ['drain', 'undo', 'resume'].includes(stage);
  return !NETWORK[kind].isHarmless || ways.length > 1 !== (stage === 'drain');
}

/** Its login may be dead when the restart goes into it. */
const LOGIN =
  'where the dead login is noticed before the restart is sent into it there is a new one; else whether it was carried out is unknown';

/** What is damaged may be the key of the host that shows itself at the new login. */
const LOGIN_DAMAGED = `${LOGIN}; a host key that is not the known one ends it before anything was sent`;

/** A look asks a node some ten questions. */
const QUESTION =
  'where the answer that is damaged is the one that tells who the node is, nothing is done to it; else it is read, or as good as down';

/** While that is in trouble, from the beginning of the step on and for as long as the suite's faults last. */
export function expectedOf(place: Place, { ways, via, kind }: Trouble): Expected {
  const clean = { exits: [cleanExit(place.stage)] };
  if (NETWORK[kind].isHarmless) return clean;
  const { stage, step } = place;
  const isNode = ways.includes('esl');
  const isLogin = ways.includes('ssh');
  // Behind its announced restart the node may be down: a resume asks the proxies alone before it does anything.
  if (step === 'preflight' && stage !== 'resume') return { exits: [3] };
  if (step === 'preflight' && isNode && kind === 'corrupt')
    return { exits: [cleanExit(stage), 9], why: QUESTION };
  // Nothing was done before its mark is set, and the mark needs ESL; disabled on one proxy it is given back.
  if (stage === 'drain' && step === 'deactivate') {
    if (isNode) return { exits: [3] };
    if (!isLogin) return { exits: [12] };
  }
  // Whether the node is out on a proxy that does not answer is not known, and behind the announced restart it has to be.
  if ((step === 'preflight' || step === 'keep_out') && ways.includes('lb-1')) return { exits: [9] };
  const isBehind = ['verify', 'activate'].includes(step);
  if (stage === 'drain' && isLogin && via === 'direct' && kind !== 'cut' && !isBehind)
    return kind === 'corrupt'
      ? { exits: [cleanExit(stage), 7, 9], why: LOGIN_DAMAGED }
      : { exits: [cleanExit(stage), 9], why: LOGIN };
  return clean;
}

/** Whether the run goes on as if there had been nothing. */
export function isSurvived(place: Place, expected: Expected): boolean {
  return expected.exits.length === 1 && expected.exits[0] === cleanExit(place.stage);
}

/** Where a proxy is reloaded or restarted, or with `endsNode` the node is killed, as a step begins. */
export function serverExit({ stage, step }: Place, endsNode: boolean): number {
  if (!endsNode || stage !== 'drain') return cleanExit(stage);
  // Nothing is done to a node that does not answer; one that dies again behind its restart is not well.
  if (step === 'preflight' || step === 'deactivate') return 3;
  return step === 'verify' || step === 'activate' ? 8 : 0;
}

/**
 * Where the disk is full as a step begins, or once it has announced an effect. The next effect is not begun; what was done is
 * given back up to the announced restart, and behind it the node stays out.
 */
export function diskExit({ stage, step }: Place, isAnnounced: boolean): number {
  if (stage === 'undo' || stage === 'guard' || stage === 'secure') return cleanExit(stage);
  // What an earlier process announced and nobody has looked at since: whether it was restarted is unknown.
  if (stage === 'resume') return 9;
  if (step === 'admit' || step === 'preflight' || (step === 'deactivate' && !isAnnounced)) return 3;
  if (step === 'restart' && isAnnounced) return 9;
  return step === 'verify' || step === 'activate' ? 8 : 12;
}
