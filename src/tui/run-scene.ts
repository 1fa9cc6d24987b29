/** A run on the screen: panels, a list over them, a question below them, and keys. It shows and asks; it never decides. */
import type { Cluster } from '../domain/cluster.ts';
import { errorInfo } from '../domain/errors.ts';
import type { RunRequest } from '../domain/policy.ts';
import type { RunEvent } from '../domain/run-events.ts';
import { requestWords } from '../output/sentences/request-words.ts';
import { keysLine, noticeLines, promptLines } from './frames/keys-line.ts';
import { type Overlay, overlayHead } from './frames/overlay.ts';
import { stack } from './frames/panel.ts';
import { PANELS, WEIGHTY } from './frames/registry.ts';
import { isWaiting, type Notice, type RunView } from './frames/view.ts';
import { KEYS } from './keys/registry.ts';
import type { KeyDesk, Prompt } from './keys/run-key.ts';
import { clip, type Line, type Style } from './line.ts';
import type { LiveRun } from './live-run.ts';
import { RunCalls } from './run-calls.ts';
import { RunModel } from './run-model.ts';
import type { Key, Moment, Scene, Size } from './scene.ts';

export interface RunSceneOptions {
  /**
   * Events come through onEvent. null: the run is another process's (followed from its journal): no keys that ask
   * something, `q` leaves.
   */
  readonly live: LiveRun | null;
  readonly clock: { now(): number; wall(): Date };
  /** Called for `q` and Ctrl-C where the run is followed. */
  readonly onLeave: (by: 'key' | 'ctrl-c') => void;
  /** Draw soon. */
  readonly refresh: () => void;
  /** For the destinations that are looked at before the run has recorded them. */
  readonly cluster?: Cluster;
}

export interface RunScene extends Scene {
  onEvent(event: RunEvent): void;
  /** Stops its own background questions. */
  dispose(): void;
}

/** How long what became of a key is told: ms. */
const NOTICE = 20_000;
/** A command that is told has to be whole, also on a narrow screen. */
const NOTICE_LINES = 4;
/** How often it is looked whether calls may be asked for again: ms. */
const TICK = 1_000;
/** What is typed is not longer than that. */
const TYPED = 12;

export function runScene(options: RunSceneOptions): RunScene {
  const screen = new RunScreen(options);
  return {
    draw: (size, moment) => screen.draw(size, moment),
    onKey: (key) => screen.onKey(key),
    onEvent: (event) => screen.onEvent(event),
    dispose: () => screen.dispose(),
  };
}

/** What the keys go to, and what stands over or below the panels. */
type Mode =
  | { readonly kind: 'run' }
  | { readonly kind: 'overlay'; readonly overlay: Overlay }
  | { readonly kind: 'prompt'; readonly prompt: Prompt; readonly typed: string }
  /** Something is asked for; the answer is wanted as long as this very mode is on. */
  | { readonly kind: 'waiting'; readonly what: string };

const RUN: Mode = { kind: 'run' };

class RunScreen {
  readonly #options: RunSceneOptions;
  readonly #model = new RunModel();
  readonly #calls: RunCalls | null;
  readonly #timer: ReturnType<typeof setInterval> | null;
  readonly #desk: KeyDesk;
  #mode: Mode = RUN;
  #notice: Notice | null = null;
  #interrupts = 0;
  #size: Size = { columns: 80, rows: 24 };
  #disposed = false;

  constructor(options: RunSceneOptions) {
    this.#options = options;
    const { live, clock, refresh } = options;
    this.#calls = live === null ? null : new RunCalls({ live, now: () => clock.now(), onReading: refresh });
    this.#timer = live === null ? null : setInterval(() => this.#tick(), TICK).unref();
    this.#desk = this.#deskOf(live);
  }

  onEvent(event: RunEvent): void {
    this.#model.note(event, this.#options.clock.now());
    // Nothing is asked of a run that is over.
    if (event.type === 'run.settled' && this.#mode.kind !== 'overlay') this.#mode = RUN;
    this.#takeAwayMoot();
    this.#tick();
    this.#options.refresh();
  }

  dispose(): void {
    this.#disposed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#calls?.dispose();
  }

  draw(size: Size, moment: Moment): readonly Line[] {
    // Keys that scroll by a page need to know how long it is.
    this.#size = size;
    const { columns, rows } = size;
    const view = this.#view(moment);
    const lines =
      this.#mode.kind === 'overlay'
        ? this.#below(this.#mode.overlay, view)
        : this.#whole(view, columns, rows, moment);
    return lines.slice(0, rows).map((one) => clip(one, columns));
  }

  onKey(key: Key): void {
    if (this.#disposed) return;
    this.#onKey(key);
    this.#options.refresh();
  }

  #below(overlay: Overlay, view: RunView): readonly Line[] {
    const head = overlayHead(view, this.#size);
    return [...head, ...overlay.draw(view, this.#overlaySize(head.length))];
  }

  #overlaySize(head: number): Size {
    const { columns, rows } = this.#size;
    return { columns, rows: Math.max(0, rows - head) };
  }

  #whole(view: RunView, columns: number, rows: number, moment: Moment): readonly Line[] {
    const mode = this.#mode;
    const bottom =
      mode.kind === 'prompt'
        ? promptLines({ question: mode.prompt.question, typed: mode.typed }, columns, 3)
        : [...noticeLines(this.#noticeAt(moment), columns, NOTICE_LINES), keysLine(KEYS, view, columns)];
    const room = Math.max(0, rows - bottom.length);
    const top = stack(PANELS, WEIGHTY, view, columns, room);
    const blank = Array.from({ length: Math.max(0, room - top.length) }, (): Line => []);
    return [...top, ...blank, ...bottom].slice(-rows);
  }

  #noticeAt(moment: Moment): Notice | null {
    if (this.#mode.kind === 'waiting') return { text: `${this.#mode.what} …`, style: 'dim', until: Infinity };
    return this.#notice !== null && moment.now < this.#notice.until ? this.#notice : null;
  }

  #view(moment: Moment): RunView {
    const { live, cluster = null } = this.#options;
    const model = this.#model;
    return {
      model,
      seen: live?.observation() ?? null,
      calls: model.shown === null ? null : (this.#calls?.of(model.shown) ?? null),
      cluster,
      interrupts: this.#interrupts,
      now: model.nowOf(moment, live === null),
      wall: moment.wall,
    };
  }

  #now(): RunView {
    const { clock } = this.#options;
    return this.#view({ now: clock.now(), wall: clock.wall() });
  }

  #tick(): void {
    const view = this.#now();
    const { shown } = this.#model;
    const policy = shown === null ? null : this.#model.policyOf(shown);
    if (this.#disposed || shown === null || policy === null || !isWaiting(view)) return;
    this.#calls?.tick(shown, policy, this.#model.node(shown)?.progress?.reading.ghostRows);
  }

  #onKey(key: Key): void {
    const { live, onLeave } = this.#options;
    if (key.name === 'ctrl-c') {
      this.#mode = RUN;
      if (live === null) onLeave('ctrl-c');
      else {
        this.#interrupts += 1;
        live.interrupt();
      }
      return;
    }
    const mode = this.#mode;
    switch (mode.kind) {
      case 'overlay': {
        const view = this.#now();
        const size = this.#overlaySize(overlayHead(view, this.#size).length);
        if (!mode.overlay.onKey(key, view, size)) this.#mode = RUN;
        return;
      }
      case 'prompt':
        this.#type(mode, key);
        return;
      case 'waiting':
        // Whatever is pressed now was not meant for an answer that nobody has read.
        this.#mode = RUN;
        return;
      case 'run':
        this.#press(key);
        return;
    }
  }

  #press(key: Key): void {
    const { text, name } = key;
    this.#notice = null;
    if (name === null && text === '') return;
    // Several characters at once were pasted: what stands in a clipboard must not steer a run.
    const pressed = KEYS.find((one) => (name === null ? one.key === text : one.names?.includes(name)));
    if (pressed === undefined) return;
    const why = pressed.refusal(this.#now());
    if (why === null) pressed.press(this.#desk, key);
    // An arrow says nothing where there is nothing to choose from.
    else if (name === null) this.#say(`${pressed.key}: ${why}`, 'warning');
  }

  #type(mode: Mode & { kind: 'prompt' }, key: Key): void {
    const { prompt, typed } = mode;
    if (key.name === 'escape') {
      this.#mode = RUN;
    } else if (key.name === 'enter') {
      this.#mode = RUN;
      if (typed === prompt.expected) prompt.onYes();
      else this.#say(prompt.otherwise(typed), 'warning');
    } else if (key.name === 'backspace') {
      this.#mode = { ...mode, typed: Array.from(typed).slice(0, -1).join('') };
    } else if (key.name === null) {
      this.#mode = {
        ...mode,
        typed: Array.from(typed + key.text)
          .slice(0, TYPED)
          .join(''),
      };
    }
  }

  /** A question, and a list, is about what was so when it was asked for. */
  #takeAwayMoot(): void {
    const mode = this.#mode;
    const asked = mode.kind === 'prompt' ? mode.prompt : mode.kind === 'overlay' ? mode.overlay : null;
    const why = asked?.moot?.(this.#now()) ?? null;
    if (why === null) return;
    this.#mode = RUN;
    this.#say(why, 'warning');
  }

  #say(text: string, style: Style): void {
    this.#notice = text === '' ? null : { text, style, until: this.#options.clock.now() + NOTICE };
  }

  #deskOf(live: LiveRun | null): KeyDesk {
    return {
      live,
      view: () => this.#now(),
      say: (text, style = 'plain') => this.#say(text, style),
      ask: (prompt) => void (this.#mode = { kind: 'prompt', prompt, typed: '' }),
      open: (overlay) => void (this.#mode = { kind: 'overlay', overlay }),
      choose: (node) => this.#model.choose(node),
      leave: () => this.#options.onLeave('key'),
      submit: (request, by) => void this.#submit(request, by),
      wait: (what, answer, then) => void this.#wait(what, answer, then),
    };
  }

  async #submit(request: RunRequest, by: string): Promise<void> {
    const { live } = this.#options;
    if (live === null) return;
    const words = requestWords({ request, by });
    try {
      const { accepted, why } = await live.submit(request, by);
      const answer = accepted ? 'accepted' : `refused${why === undefined ? '' : `: ${why}`}`;
      this.#say(`${words}: ${answer}`, accepted ? 'good' : 'warning');
    } catch (error) {
      this.#say(`${words}: refused: ${errorInfo(error).message}`, 'warning');
    }
    if (!this.#disposed) this.#options.refresh();
  }

  async #wait<T>(what: string, answer: Promise<T>, then: (value: T) => void): Promise<void> {
    const waiting: Mode = { kind: 'waiting', what };
    this.#mode = waiting;
    try {
      const value = await answer;
      if (this.#disposed || this.#mode !== waiting) return;
      this.#mode = RUN;
      then(value);
    } catch (error) {
      if (this.#disposed || this.#mode !== waiting) return;
      this.#mode = RUN;
      this.#say(errorInfo(error).message, 'warning');
    }
    this.#options.refresh();
  }
}
