/** The dispatcher list of one proxy: its file on its host, and what Kamailio has loaded of it. Every change is read back. */
import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import {
  difference,
  type DispatcherFile,
  fileText,
  flagsLoaded,
  readDispatcherFile,
  type States,
  statesOf,
  targetKey,
} from '../../domain/dispatcher-file.ts';
import { isInterruption, FshaError } from '../../domain/errors.ts';
import { readFlags, stateArgument } from '../../domain/dispatcher-state.ts';
import type { DispatcherSet } from '../../domain/observation.ts';
import { shownText } from '../../domain/playbook/shown-text.ts';
import { printable } from '../../domain/text.ts';
import { hasFired, within } from '../../workflow/deadline.ts';
import type { ActionAround } from '../../workflow/action-port.ts';
import type { CommandResult, ProxyPort } from '../../workflow/ports.ts';
import { onHost } from './on-host.ts';
import { timeLeft } from './read-params.ts';
import { IS_KEPT_SCRIPT, READ_LIST_SCRIPT, READ_STATES_SCRIPT } from './list-scripts.ts';
import { RESTORE_SCRIPT, UPLOAD_EXIT, UPLOAD_SCRIPT } from './upload-script.ts';

/** Longer lists than Kamailio can load with the memory that it has by default: bytes. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Between two looks, and between two tries of a reload, which Kamailio refuses for 5 s after the last one: ms. */
const LOOK_EVERY = 100;
const RELOAD_EVERY = 250;
/** Of the step's time, to say what is so before it is over: ms. */
const KEPT_BACK = 1_000;
/** How long a reload may take to show in what is listed: ms. */
const SHOWN_WITHIN = 10_000;

export interface Loaded {
  readonly sets: readonly DispatcherSet[];
  /** Of the process; empty where it is unknown. */
  readonly instance: string;
}

export class ProxyList {
  readonly name: string;
  readonly #path: string;
  readonly #sudo: boolean;
  readonly #around: ActionAround;
  readonly #port: ProxyPort;

  /** @throws FshaError `usage` where there is no such proxy */
  constructor(name: string, sudo: boolean, around: ActionAround) {
    const proxy = around.world.cluster.proxies.find((one) => one.name === name);
    const port = around.world.proxies.get(name);
    if (proxy === undefined || port === undefined)
      throw new FshaError('usage', `"${printable(name, 60)}" is no proxy of the inventory`);
    this.name = name;
    this.#path = proxy.list;
    this.#sudo = sudo;
    this.#around = around;
    this.#port = port;
  }

  /** Where it is, for messages: `/etc/kamailio/dispatcher.list of lb-1`. */
  get where(): string {
    return `${this.#path} of ${this.name}`;
  }

  /** What the file is to be when nothing is held, and whether this run holds it. */
  async read(): Promise<{ readonly file: DispatcherFile; readonly held: boolean }> {
    const { text, state } = await this.#text(READ_LIST_SCRIPT, [this.#path, this.#heldAs]);
    return { file: this.#parsed(text), held: state === 'held' };
  }

  /** What the file says now: the states, while it is held. */
  async readAsItIs(): Promise<DispatcherFile> {
    const { text } = await this.#text(READ_STATES_SCRIPT, [this.#path]);
    return this.#parsed(text);
  }

  /** Puts it there; what was there before this run is kept. @returns whether anything was written */
  write(file: DispatcherFile): Promise<boolean> {
    return this.#put(file, this.#keptAs);
  }

  /** Puts it there without keeping anything: to give back what this very step has found. */
  rewrite(file: DispatcherFile): Promise<boolean> {
    return this.#put(file, '');
  }

  /** Has the file say the states, until {@link release}. */
  hold(file: DispatcherFile): Promise<boolean> {
    return this.#put(file, this.#heldAs);
  }

  /** The file is again what it is to be. @returns whether it was held */
  release(): Promise<boolean> {
    return this.#giveBack(this.#heldAs);
  }

  /** Whether this run has changed the file, and can give it back. */
  async isChanged(): Promise<boolean> {
    const result = await this.#run(IS_KEPT_SCRIPT, [this.#path, this.#keptAs]);
    return linesOf(result, this.where)[0] === 'kept';
  }

  /** The file is again what it was before this run. @returns whether this run had changed it */
  giveBack(): Promise<boolean> {
    return this.#giveBack(this.#keptAs);
  }

  /** @throws FshaError where the proxy does not tell all of it */
  async loaded(signal = this.#around.signal): Promise<Loaded> {
    const { trouble, sets, instance } = await this.#port.observe(signal);
    if (trouble !== null) throw new FshaError(trouble.code, trouble.message, trouble.hint);
    if (!sets.known) throw new FshaError('protocol', `${this.name}: ${sets.why}`);
    return { sets: sets.value, instance: instance.known ? instance.value : '' };
  }

  /** The state of each destination. @throws FshaError `refused` where they cannot be told apart */
  states({ sets }: Loaded): States {
    const states = statesOf(sets);
    if ('problem' in states) throw new FshaError('refused', `${this.name}: ${states.problem}`);
    return states;
  }

  /**
   * `dispatcher.reload`. Asked again while one is under way, and where the answer was lost: it does no more the second time.
   * @throws FshaError `rpc.error` where Kamailio cannot read the list, `timeout`, `interrupted`
   */
  async reload(): Promise<void> {
    const { world, signal } = this.#around;
    for (;;) {
      try {
        const reply = await this.#port.ask('dispatcher.reload', [], timeLeft(this.#around), signal);
        if (reply.ok) return;
        if (!/ongoing reload/i.test(reply.message))
          throw new FshaError(
            'rpc.error',
            `${this.name} did not reload: ${shownText(reply.message, 200)}`,
            'Its log says why.',
          );
      } catch (error) {
        if (!isLost(error) || hasFired(signal)) throw error;
      }
      await world.clock.sleep(RELOAD_EVERY, signal);
    }
  }

  /**
   * Waits until the proxy has loaded just what `file` says, each destination in the state that the file gives it, and sets those
   * that are not. What it probes may move between active, trying and inactive by itself, disabled never.
   * @param otherThan wait for a process that is not this one; empty: any
   * @returns the process, and how many states had to be set
   * @throws FshaError `action.failed` where it has loaded something else
   */
  async settle(
    file: DispatcherFile,
    otherThan = '',
  ): Promise<{ readonly instance: string; readonly set: number }> {
    const { world, signal } = this.#around;
    const { clock } = world;
    let shownBy: number | null = null;
    let set = 0;
    for (;;) {
      const loaded = await this.answered(otherThan);
      shownBy ??= clock.now() + SHOWN_WITHIN;
      const { onlyInFile, onlyLoaded } = difference(file, loaded.sets);
      const isLoaded = onlyInFile.length + onlyLoaded.length === 0;
      const wrong = isLoaded ? wrongStates(file, this.states(loaded)) : [];
      if (isLoaded && wrong.length === 0) return { instance: loaded.instance, set };
      if (clock.now() >= shownBy) {
        const states = wrong.map(({ key, now, wanted }) => `${key} is ${now} and not ${wanted}`);
        const said = [...differenceText({ onlyInFile, onlyLoaded }), ...states].join('; ');
        throw new FshaError('action.failed', `${this.name} has not loaded its list: ${said}`);
      }
      for (const { target, wanted } of wrong) {
        const flags = readFlags(wanted);
        if (flags === undefined) continue;
        await this.#port.setState(stateArgument(flags), target, signal);
        set += 1;
      }
      await clock.sleep(LOOK_EVERY, signal);
    }
  }

  /**
   * What the proxy tells once it does, within the step's time.
   * @param otherThan wait for a process that is not this one; empty: any
   * @throws FshaError `timeout` with what was in the way, `action.failed` where it is still that process
   */
  async answered(otherThan: string): Promise<Loaded> {
    const { world, signal } = this.#around;
    const { clock } = world;
    let why: string | null = 'it was not read';
    for (;;) {
      // The step's own end would say only that it took too long, and leave unknown what is known.
      const left = timeLeft(this.#around) - KEPT_BACK;
      if (left <= 0)
        throw why === null
          ? new FshaError('action.failed', `${this.name} is still the process that it was`)
          : new FshaError('timeout', `${this.name} does not tell its destinations: ${why}`);
      try {
        const loaded = await within(clock, left, signal, 'reading it', (limit) => this.loaded(limit));
        if (otherThan === '' || (loaded.instance !== '' && loaded.instance !== otherThan)) return loaded;
        why = loaded.instance === '' ? 'which process it is is unknown' : null;
      } catch (error) {
        if (!(error instanceof FshaError) || error.code === 'bug' || hasFired(signal)) throw error;
        // What the last whole look has told holds, where there was no time for another one.
        if (error.code !== 'timeout' || why !== null) why = error.message;
      }
      await clock.sleep(LOOK_EVERY, signal);
    }
  }

  async #put(file: DispatcherFile, suffix: string): Promise<boolean> {
    const content = Buffer.from(fileText(file), 'latin1');
    const sum = createHash('sha256').update(content).digest('hex');
    const result = await this.#run(UPLOAD_SCRIPT, [this.#path, sum, '', suffix], content);
    return linesOf(result, this.where)[0] === 'written';
  }

  async #giveBack(suffix: string): Promise<boolean> {
    const result = await this.#run(RESTORE_SCRIPT, [this.#path, suffix]);
    return linesOf(result, this.where)[0] === 'restored';
  }

  async #text(script: string, args: readonly string[]): Promise<{ text: string; state: string }> {
    const [sum = '', state = '', packed = ''] = linesOf(await this.#run(script, args), this.where);
    let bytes: Buffer;
    try {
      bytes = gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: MAX_BYTES });
    } catch {
      throw new FshaError('refused', `${this.where} did not arrive as a whole: it is too long`);
    }
    if (createHash('sha256').update(bytes).digest('hex') !== sum)
      throw new FshaError('refused', `${this.where} was changed while it was read`, 'Try again.');
    return { text: bytes.toString('latin1'), state };
  }

  #parsed(text: string): DispatcherFile {
    const file = readDispatcherFile(text);
    if (!('problem' in file)) return file;
    throw new FshaError(
      'refused',
      `${this.where}, line ${file.problem.line}: Kamailio may drop it, or read it otherwise: ${printable(file.problem.text, 120)}`,
      'Write it as: set uri [flags [priority [attributes]]].',
    );
  }

  #run(script: string, args: readonly string[], stdin?: Uint8Array): Promise<CommandResult> {
    return onHost({ on: this.name, script, args, sudo: this.#sudo, stdin }, this.#around);
  }

  get #keptAs(): string {
    return `.fsha-${this.#around.run}`;
  }

  get #heldAs(): string {
    return `${this.#keptAs}-held`;
  }
}

/** What of a difference is told. */
export function differenceText({ onlyInFile, onlyLoaded }: ReturnType<typeof difference>): readonly string[] {
  return [
    ...onlyInFile.map((key) => `${key} is in the file and not loaded`),
    ...onlyLoaded.map((key) => `${key} is loaded and not in the file`),
  ];
}

interface WrongState {
  readonly key: string;
  readonly target: { readonly set: number; readonly uri: string; readonly duid: string | null };
  readonly now: string;
  readonly wanted: string;
}

/** Those that are disabled and should not be, or the other way round: everything else is the proxy's own to say. */
function wrongStates({ destinations }: DispatcherFile, states: States): readonly WrongState[] {
  return destinations.flatMap(({ set, uri, duid, flags }) => {
    const key = targetKey({ set, uri, duid });
    const wanted = flagsLoaded(flags);
    const now = states.get(key) ?? '';
    return now.startsWith('D') === wanted.startsWith('D')
      ? []
      : [{ key, target: { set, uri, duid }, now, wanted }];
  });
}

/** Nobody knows whether Kamailio got it. */
function isLost(error: unknown): boolean {
  return (
    error instanceof FshaError &&
    !isInterruption(error) &&
    ['connection.lost', 'timeout', 'connect.refused', 'connect.timeout'].includes(error.code)
  );
}

/** What a script has printed. @throws FshaError: `refused` where nothing was changed, `effect.unknown` else */
function linesOf({ exitCode, signal, stdout, stderr }: CommandResult, where: string): readonly string[] {
  if (exitCode === 0) return stdout.split('\n');
  const said = printable(shownText(stderr).trim().split('\n').at(-1) ?? '', 300);
  const end = signal === null ? `exit status ${exitCode ?? -1}` : `ended by ${signal}`;
  const message = `${where}: ${said === '' ? end : said}`;
  const certain = exitCode !== null && exitCode !== UPLOAD_EXIT.changedMeanwhile && exitCode < 124;
  throw certain
    ? new FshaError('refused', message, 'The file is as it was.')
    : new FshaError('effect.unknown', message, 'Look at it; what was there is kept beside it.');
}
