import type { Node } from '../../domain/cluster.ts';
import {
  difference,
  type DispatcherFile,
  fileText,
  linesOf as linesMeant,
  type States,
  targetKey,
  without,
  withAdded,
  withStates,
} from '../../domain/dispatcher-file.ts';
import { takesCalls } from '../../domain/dispatcher-state.ts';
import { FshaError } from '../../domain/errors.ts';
import type { ActionResult } from '../../domain/playbook/action-result.ts';
import { type JsonObject, jsonObject } from '../../domain/playbook/json.ts';
import { destinationText, isTarget, placedTargets } from '../../domain/targets.ts';
import { hasFired } from '../../workflow/deadline.ts';
import type { ActionAround, RunAction } from '../../workflow/action-port.ts';
import { nodePort } from '../../workflow/world.ts';
import type { Action } from '../action.ts';
import { differenceText, ProxyList } from './proxy-list.ts';
import { Params } from './read-params.ts';

const CHANGES = ['add', 'remove', 'reload', 'hold', 'release', 'restore'] as const;
type Change = (typeof CHANGES)[number];

/** What this run can give back. */
const GIVES_BACK: Readonly<Record<Change, 'restore' | 'release' | null>> = {
  add: 'restore',
  remove: 'restore',
  hold: 'release',
  reload: null,
  release: null,
  restore: null,
};

export const dispatcherList: Action = {
  name: 'dispatcher_list',
  summary:
    'Changes the dispatcher list of proxies, and keeps the state of every other destination across the reload.',
  params: {
    kind: 'fields',
    fields: {
      change: {
        kind: 'choice',
        choices: [...CHANGES],
        required: true,
        literal: true,
        description:
          "add, remove: the node's destinations. reload: what somebody has changed in the file. hold: the file says the states as they are, so that Kamailio can be restarted; release: once it runs again, the file is as it was. restore: what this run has changed.",
      },
      on: {
        kind: 'either',
        of: [
          { kind: 'text', expected: 'the name of a proxy' },
          { kind: 'list', of: { kind: 'text', expected: 'the name of a proxy' }, least: 1 },
        ],
        description: 'The proxies, one after the other; all of the inventory where nothing is said.',
      },
      disabled: {
        kind: 'boolean',
        description: 'With add: the file says that it is disabled, until a later add says that it is not.',
      },
      attrs: {
        kind: 'text',
        empty: true,
        pattern: '^[^\\s#]*$',
        expected: 'attributes such as duid=fs3;weight=50',
        description: 'With add: the attributes of a new line.',
      },
      priority: {
        kind: 'integer',
        minimum: 0,
        maximum: 1_000_000,
        description: 'With add: that of a new line.',
      },
      otherThan: {
        kind: 'text',
        empty: true,
        description:
          'With release: wait for another process than this one, which is the instance that hold tells.',
      },
      dead: {
        kind: 'boolean',
        description: 'With remove: the node is lost for good, so that it is not asked whether it has calls.',
      },
      sudo: { kind: 'boolean', description: 'Read and write the file as root, by sudo -n.' },
    },
  },
  short: 'change',
  result: {
    changed: { type: 'boolean', description: 'Whether any file was written.' },
    set: {
      type: 'integer',
      description: 'How many states had to be set again; 0 where the file said them all.',
    },
    instance: { type: 'string', description: 'Which process the last proxy was seen as.' },
    proxies: { type: 'any', description: 'By the name of the proxy: what was done to its list.' },
  },
  changes: () => 'node',
  timeout: 2 * 60_000,
  undo: ({ change, on, sudo }): JsonObject | null => {
    const back = CHANGES.find((one) => one === change);
    const wanted = back === undefined ? null : GIVES_BACK[back];
    return wanted === null
      ? null
      : { change: wanted, ...(on === undefined ? {} : { on }), ...(sudo === undefined ? {} : { sudo }) };
  },
  check: (params) =>
    (
      [
        ['disabled', 'add'],
        ['attrs', 'add'],
        ['priority', 'add'],
        ['dead', 'remove'],
        ['otherThan', 'release'],
      ] as const
    ).flatMap(([key, change]) =>
      params[key] === undefined || params['change'] === change
        ? []
        : [{ path: [key], text: `${key} is for ${change}. Leave it out.` }],
    ),
};

interface Done {
  readonly changed: boolean;
  readonly set: number;
  readonly instance: string;
  readonly said: string;
}

type OnOne = (list: ProxyList, read: Params, node: Node, around: ActionAround) => Promise<Done>;

const DO: Readonly<Record<Change, OnOne>> = { add, remove, reload, hold, release, restore };

export const runDispatcherList: RunAction = async (params, node, around) => {
  const read = new Params(params, around.name);
  const change = CHANGES.find((one) => one === read.text('change'));
  if (change === undefined) throw read.wrong('change', `is none of ${CHANGES.join(', ')}`);
  const names = read.has('on') ? [...new Set(read.words('on'))] : [...around.world.proxies.keys()];
  // All of them before the first is touched.
  const lists = names.map((name) => new ProxyList(name, read.flag('sudo'), around));
  const done: (readonly [string, Done])[] = [];
  for (const list of lists) {
    try {
      done.push([list.name, await DO[change](list, read, node, around)]);
    } catch (error) {
      const failed = failedOn(list, error, done, around);
      if (failed === null) throw error;
      return failed;
    }
  }
  return { ok: true, ...resultOf(done), said: done.map(([name, { said }]) => `${name}: ${said}`).join('; ') };
};

/**
 * What was changed on proxies before this one is there: it did something, and failed. null: as it was thrown, since nothing was
 * changed, or nobody knows.
 */
function failedOn(
  list: ProxyList,
  error: unknown,
  done: readonly (readonly [string, Done])[],
  { signal }: ActionAround,
): ActionResult | null {
  const isKnown =
    error instanceof FshaError &&
    !hasFired(signal) &&
    !['bug', 'timeout', 'effect.unknown', 'connection.lost'].includes(error.code);
  if (!isKnown || !done.some(([, { changed }]) => changed)) return null;
  const before = done.map(([name, { said }]) => `${name}: ${said}`).join('; ');
  return { ok: false, ...resultOf(done), said: `${list.name}: ${error.message} (before it, ${before})` };
}

function resultOf(done: readonly (readonly [string, Done])[]): {
  changed: boolean;
  set: number;
  instance: string;
  proxies: JsonObject;
} {
  return {
    changed: done.some(([, { changed }]) => changed),
    set: done.reduce((sum, [, { set }]) => sum + set, 0),
    instance: done.at(-1)?.[1].instance ?? '',
    proxies: jsonObject(done.map(([name, { said }]) => [name, said] as const)),
  };
}

/** With the node's destinations; where the proxy has them already, only the file is changed. */
async function add(list: ProxyList, read: Params, node: Node, around: ActionAround): Promise<Done> {
  const nameless = node.destinations.find(({ uri }) => uri === undefined);
  if (nameless !== undefined)
    throw new FshaError(
      'usage',
      `${node.name} has no URI for ${destinationText(nameless)}, so that no line can be written for it`,
      'Write the line by hand, and use change: reload.',
    );
  const attrs = read.textOr('attrs', '');
  if (/[\s#]/.test(attrs)) throw read.wrong('attrs', 'has a space or a # in it');
  const priority = read.integerOr('priority', 0, 0, 1_000_000);
  const lines = { wanted: node.destinations, disabled: read.flag('disabled'), priority, attrs };
  const { file } = await untouched(list, node.destinations);
  return edit(list, file, withAdded(file, lines), around);
}

/** Kamailio no longer knows where requests come from that belong to calls of a destination which it does not know. */
async function remove(list: ProxyList, read: Params, node: Node, around: ActionAround): Promise<Done> {
  const { file, loaded } = await untouched(list, node.destinations);
  if (!read.flag('dead')) {
    const isIn = placedTargets(loaded.sets).some(
      (target) => node.destinations.some((one) => isTarget(one, target)) && takesCalls(target.flags),
    );
    const why = isIn ? `${list.name} sends it calls` : await whyNotEmpty(node, around);
    if (why !== null)
      throw new FshaError(
        'refused',
        `${node.name} stays in the list of ${list.name}: ${why}`,
        `Drain it before, in steps deactivate and wait_drained; dead: true where it is lost for good.`,
      );
  }
  return edit(list, file, without(file, node.destinations), around);
}

/** What is in the file by now, whoever wrote it. */
async function reload(list: ProxyList, _read: Params, _node: Node, _around: ActionAround): Promise<Done> {
  const { file, held } = await list.read();
  if (held) await list.release();
  const before = await list.loaded();
  const { onlyInFile, onlyLoaded } = difference(file, before.sets);
  const end = await reloaded(list, file, list.states(before));
  const news = [...onlyInFile.map((key) => `new ${key}`), ...onlyLoaded.map((key) => `gone ${key}`)];
  return { changed: true, ...end, said: news.length === 0 ? 'reloaded' : `reloaded: ${news.join(', ')}` };
}

async function hold(list: ProxyList): Promise<Done> {
  const { file, loaded } = await untouched(list, []);
  const changed = await list.hold(withStates(file, list.states(loaded)));
  return { changed, set: 0, instance: loaded.instance, said: 'its file says the states' };
}

/** Not before it has loaded what the file says: until then the states are nowhere else. */
async function release(list: ProxyList, read: Params): Promise<Done> {
  const otherThan = read.textOr('otherThan', '');
  const { held } = await list.read();
  if (!held) {
    // The file says what a reload is to begin with, and nothing of what is so now.
    const { instance } = await list.answered(otherThan);
    return { changed: false, set: 0, instance, said: 'its file was as it was' };
  }
  const end = await list.settle(await list.readAsItIs(), otherThan);
  const changed = await list.release();
  return { changed, ...end, said: 'its file is as it was' };
}

/**
 * What this run has changed in the list. A destination that comes back is disabled until somebody brings it in; one that
 * may have calls is not taken out, since Kamailio no longer knows where their requests come from then.
 */
async function restore(list: ProxyList, _read: Params, node: Node, around: ActionAround): Promise<Done> {
  await list.release();
  if (!(await list.isChanged())) return { changed: false, set: 0, instance: '', said: 'nothing was changed' };
  const asChanged = await list.readAsItIs();
  await list.giveBack();
  const { file } = await list.read();
  const loaded = await list.loaded();
  const goes = linesMeant(asChanged, node.destinations).filter(
    (line) => !file.destinations.some((one) => targetKey(one) === targetKey(line)),
  );
  // Where the file has it disabled it has never been in.
  const why = goes.some(({ flags }) => (flags & 4) === 0) ? await whyNotEmpty(node, around) : null;
  if (why !== null) {
    await list.write(asChanged);
    throw new FshaError(
      'action.failed',
      `${node.name} stays in the list of ${list.name}: ${why}`,
      `Drain ${node.name} first, then take it out of the list.`,
    );
  }
  const states = new Map(list.states(loaded));
  for (const line of file.destinations) if (!states.has(targetKey(line))) states.set(targetKey(line), 'DX');
  const end = await reloaded(list, file, states);
  const comes = file.destinations.some(
    (one) => !asChanged.destinations.some((other) => targetKey(other) === targetKey(one)),
  );
  return { changed: true, ...end, said: comes ? `as it was, ${node.name} disabled in it` : 'as it was' };
}

/** @returns null where it is seen to have no session */
async function whyNotEmpty(node: Node, { world, signal }: ActionAround): Promise<string | null> {
  const { sessions } = await nodePort(world, node.name).observe('pulse', signal);
  if (!sessions.known) return `whether it has calls is unknown: ${sessions.why}`;
  return sessions.value === 0 ? null : `it has ${sessions.value} session${sessions.value === 1 ? '' : 's'}`;
}

/**
 * The file as it is to be, and what is loaded, which must be the same but for `but`: a reload would bring in what somebody else
 * has only half done. What an earlier try of this run has left held is let go.
 * @throws FshaError `refused`
 */
async function untouched(
  list: ProxyList,
  but: Node['destinations'],
): Promise<{ readonly file: DispatcherFile; readonly loaded: Awaited<ReturnType<ProxyList['loaded']>> }> {
  const { file } = await list.read();
  const loaded = await list.loaded();
  // Its own lines may be in one of the two only: by an earlier try, or by hand.
  const listed = placedTargets(loaded.sets).filter((target) => but.some((one) => isTarget(one, target)));
  const meant = new Set([...linesMeant(file, but), ...listed].map(targetKey));
  const seen = difference(file, loaded.sets);
  const others = {
    onlyInFile: seen.onlyInFile.filter((key) => !meant.has(key)),
    onlyLoaded: seen.onlyLoaded.filter((key) => !meant.has(key)),
  };
  const [first] = differenceText(others);
  if (first !== undefined)
    throw new FshaError(
      'refused',
      `${list.where} is not what ${list.name} has loaded: ${first}`,
      'Bring in or take back what somebody has changed there: dispatcher_list with change: reload brings it in.',
    );
  return { file, loaded };
}

/** @throws FshaError as the change failed, with the list and the states as they were; `effect.unknown` where they may not be */
async function edit(
  list: ProxyList,
  before: DispatcherFile,
  after: DispatcherFile,
  { signal }: ActionAround,
): Promise<Done> {
  const loaded = await list.loaded();
  const states = list.states(loaded);
  const { onlyInFile, onlyLoaded } = difference(after, loaded.sets);
  const news = [...onlyInFile, ...onlyLoaded];
  if (news.length === 0) {
    await list.release();
    const changed = fileText(before) !== fileText(after) && (await list.write(after));
    return {
      changed,
      set: 0,
      instance: loaded.instance,
      said: changed ? 'only its file' : 'it was so already',
    };
  }
  await list.release();
  await list.write(after);
  try {
    const end = await reloaded(list, after, states);
    return {
      changed: true,
      ...end,
      said: `${onlyInFile.length > 0 ? 'with' : 'without'} ${news.join(', ')}`,
    };
  } catch (error) {
    if (!(error instanceof FshaError) || error.code === 'bug' || hasFired(signal)) throw error;
    await putBack(list, before, states, error);
    throw new FshaError(
      'action.failed',
      `${error.message}; its list and its states are as they were`,
      error.hint,
    );
  }
}

/** @throws FshaError `effect.unknown` */
async function putBack(
  list: ProxyList,
  before: DispatcherFile,
  states: States,
  why: FshaError,
): Promise<void> {
  try {
    await list.release();
    await list.rewrite(before);
    await reloaded(list, before, states);
  } catch (error) {
    if (!(error instanceof FshaError) || error.code === 'bug') throw error;
    throw new FshaError(
      'effect.unknown',
      `${why.message}; and it was not put back: ${error.message}`,
      `Look at ${list.where} and at fsha status.`,
    );
  }
}

/** A reload during which no destination is in another state than it was: the file says them all for so long. */
async function reloaded(
  list: ProxyList,
  file: DispatcherFile,
  states: States,
): Promise<{ readonly instance: string; readonly set: number }> {
  const held = withStates(file, states);
  await list.hold(held);
  await list.reload();
  const end = await list.settle(held);
  await list.release();
  return end;
}
