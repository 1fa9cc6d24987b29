/** One way of calling fsha (`--verbose`, `--json`, or neither), with a node and a state directory of its own. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../../src/domain/run-events.ts';
import type { Changes } from './deep-merge.ts';
import { type FshaResult, readEvents, startFsha, type StartedFsha } from './fsha.ts';
import { whileItRuns } from './run-of.ts';
import type { SecretWorld } from './secret-world.ts';
import type { StandInNode } from './stand-in-node.ts';

export const WAYS = { plain: [], verbose: ['--verbose'], json: ['--json'] } as const;
export type Way = keyof typeof WAYS;

/** How the world is in which fsha is called. */
export type State = 'well' | 'in trouble' | 'misread' | 'with bugs';

/** What a call of fsha said, and how it ended. */
export interface Said {
  readonly what: string;
  readonly words: readonly string[];
  readonly way: Way;
  readonly state: State;
  readonly exit: number | string;
  readonly text: string;
}

export interface Lane {
  readonly world: SecretWorld;
  readonly way: Way;
  readonly node: StandInNode;
  readonly config: string;
  readonly stateDir: string;
  /** Runs fsha to its end. @throws where it does not end with one of these exit codes, with what it said */
  readonly run: (
    words: readonly string[],
    exits: readonly number[],
    options?: LaneOptions,
  ) => Promise<FshaResult>;
  readonly start: (words: readonly string[], options?: LaneOptions) => Promise<LaneCall>;
  /** The events of its newest run, where there are more than so many. */
  readonly events: (behind?: number) => readonly RunEvent[];
}

export interface LaneOptions {
  readonly config?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface LaneCall {
  readonly fsha: StartedFsha;
  /** Waits for an event of the run that it has begun. */
  readonly untilEvent: (what: string, wanted: (event: RunEvent) => boolean) => Promise<RunEvent>;
  /** Waits for something on its stdout. */
  readonly untilSays: (what: string, wanted: RegExp) => Promise<boolean>;
  /** Waits for its end. @throws as `Lane.run` */
  readonly end: (exits: readonly (number | NodeJS.Signals)[]) => Promise<FshaResult>;
}

/** No call of these takes longer, ms. */
const LIMIT = 120_000;

export interface LanePlace {
  readonly world: SecretWorld;
  readonly way: Way;
  readonly state: State;
  readonly node: StandInNode;
  /** Over the cluster's own inventory; default those of the world. */
  readonly inventory?: Changes;
  /** Over the environment of the world. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Hears of the lane when it is opened, and of each call when it has ended. */
  readonly opened: (lane: Lane) => void;
  readonly said: (said: Said) => void;
}

/** What reads everything and changes nothing. */
const LOOKS: ReadonlySet<string> = new Set([
  'status',
  'doctor',
  'config',
  'runs',
  'show',
  'unlock',
  'playbook',
]);

/**
 * What changes something where all is well is given an inventory with the lane's node alone: the other lanes change the others at the same time, as
 * from other hosts, and of those one at a time goes on.
 */
export async function openLane(place: LanePlace): Promise<Lane> {
  const { world, way, state, node, said } = place;
  const inventory = place.inventory ?? world.inventory;
  const config = await world.cluster.configWith(inventory);
  const stateDir = world.cluster.stateDirOf(config);
  const alone = await world.cluster.configWith(withNodeAlone(inventory, world, node), { stateDir });
  const events: Lane['events'] = (behind = 0) => eventsIn(journalsIn(stateDir).slice(behind).at(-1));
  async function start(words: readonly string[], options: LaneOptions = {}): Promise<LaneCall> {
    const own = state === 'well' && !LOOKS.has(words[0] ?? '') ? alone : config;
    const args = [...words, ...WAYS[way], '--config', options.config ?? own];
    const hidden = own === alone ? variablesOfOthers(inventory, node) : [];
    const unset = Object.fromEntries(hidden.map((name) => [name, undefined]));
    const env = { ...world.env, ...unset, ...place.env, ...options.env };
    const before = journalsIn(stateDir).length;
    const fsha = await startFsha(args, { env, limitMs: LIMIT });
    return {
      fsha,
      untilSays: (what, wanted) => whileItRuns(fsha, what, () => wanted.test(fsha.stdout()), LIMIT),
      untilEvent: (what, wanted) => whileItRuns(fsha, what, () => events(before).find(wanted), LIMIT),
      async end(exits) {
        const result = await fsha.done;
        const exit = result.exitCode ?? result.signal ?? 'unknown';
        const text = `${result.stdout}\n${result.stderr}`;
        const what = `fsha ${args.join(' ')}`;
        said({ what, words, way, state, exit, text });
        if (!exits.some((one) => one === exit))
          throw new Error(`${what} ended with ${exit} and not with ${exits.join(' or ')}:\n${text}`);
        return result;
      },
    };
  }
  const lane: Lane = {
    world,
    way,
    node,
    config,
    stateDir,
    start,
    run: async (words, exits, options) => (await start(words, options)).end(exits),
    events,
  };
  place.opened(lane);
  return lane;
}

/** Changes to the inventory of the cluster that leave it without the other nodes. */
export function withNodeAlone(changes: Changes, { cluster }: SecretWorld, { name }: StandInNode): Changes {
  const others = cluster.nodes.filter((one) => one.name !== name).map((one) => [one.name, null]);
  const own = (changes['nodes'] as Changes | undefined)?.[name];
  return {
    ...changes,
    nodes: { ...Object.fromEntries(others), ...(own === undefined ? {} : { [name]: own }) } as Changes,
  };
}

/** The variables that only the other nodes' entries name: to an inventory without these they are no secrets. */
function variablesOfOthers(changes: Changes, { name }: StandInNode): readonly string[] {
  const nodes = Object.entries((changes['nodes'] as Changes | undefined) ?? {});
  const text = JSON.stringify(nodes.filter(([other]) => other !== name));
  return [...text.matchAll(/"env":"(\w+)"/g)].map(([, variable]) => variable ?? '');
}

function journalsIn(stateDir: string): readonly string[] {
  const runs = join(stateDir, 'runs');
  if (!existsSync(runs)) return [];
  const names = readdirSync(runs).filter((name) => name.endsWith('.ndjson'));
  return names.sort().map((name) => join(runs, name));
}

function eventsIn(journal: string | undefined): readonly RunEvent[] {
  if (journal === undefined) return [];
  const text = readFileSync(journal, 'utf8');
  return readEvents(text.slice(0, text.lastIndexOf('\n') + 1));
}

export const waitsAt =
  ({ node }: Lane, behind = 0) =>
  (event: RunEvent): boolean =>
    event.seq > behind &&
    event.type === 'step.progress' &&
    event.step === `${node.name}/wait_drained` &&
    event.data.decision === 'wait';

export const beginsAt =
  ({ node }: Lane, step: string) =>
  (event: RunEvent): boolean =>
    event.type === 'step.started' && event.step === `${node.name}/${step}`;
