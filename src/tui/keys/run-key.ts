/** What a key of the run view is, and what it may do. One file a key, one line in registry.ts. */
import type { RunRequest } from '../../domain/policy.ts';
import { admit } from '../../domain/requests.ts';
import type { Style } from '../line.ts';
import type { LiveRun } from '../live-run.ts';
import type { Key, KeyName } from '../scene.ts';
import type { Overlay } from '../frames/overlay.ts';
import { type RunView, windowOf } from '../frames/view.ts';

export interface RunKey {
  /** As it is typed, and as it is named at the bottom. */
  readonly key: string;
  /** Keys without a character that do it instead. */
  readonly names?: readonly KeyName[];
  /** What it does, in a few words: long, and for narrow screens. */
  label(view: RunView): readonly [long: string, short: string];
  /** Whether it is of any use in this run at all; absent: in every one. */
  readonly isFor?: (view: RunView) => boolean;
  /** For the help, a sentence or two. */
  readonly help: string;
  /** Why it can do nothing now, a clause; null where it can. Those that can are shown at the bottom. */
  refusal(view: RunView): string | null;
  /** Called where it is not refused. Returns at once. */
  press(desk: KeyDesk, key: Key): void;
}

/** A question that is answered by typing one exact text. */
export interface Prompt {
  readonly question: string;
  readonly expected: string;
  /** What is told where something else was typed. */
  readonly otherwise: (typed: string) => string;
  readonly onYes: () => void;
  /** Why it can no longer be meant as it was asked, which takes it away; null: it still stands. */
  readonly moot: (view: RunView) => string | null;
}

/** What a key may do. */
export interface KeyDesk {
  readonly live: LiveRun | null;
  view(): RunView;
  say(text: string, style?: Style): void;
  ask(prompt: Prompt): void;
  open(overlay: Overlay): void;
  /** Looks at this node in detail; null: at whichever is in hand. */
  choose(node: string | null): void;
  /** Leaves the screen; the run goes on elsewhere. */
  leave(): void;
  /** Hands in a request; the answer is told. */
  submit(request: RunRequest, by: string): void;
  /** Waits, telling `what`; whoever presses a key meanwhile does not want the answer any more. */
  wait<T>(what: string, answer: Promise<T>, then: (value: T) => void): void;
}

/** Why a request would not be granted now, before it is handed in; null where it would. */
export function requestRefusal(request: RunRequest, view: RunView): string | null {
  const { model, seen, interrupts } = view;
  if (seen === null) return 'another process runs it, only there it can be asked';
  if (model.state === null) return 'the run has not begun';
  if (interrupts > 0 && model.state.settled === null) return 'the run is being stopped';
  const { accepted, why } = admit(request, model.state, windowOf(view));
  return accepted ? null : (why ?? 'it cannot be granted');
}

/** Why nothing can be asked for one node, a clause: of several, one has to be looked at. Null where one is. */
export function whyNoNode({ model }: RunView): string | null {
  return model.state !== null && model.shown === null
    ? 'no node is looked at: choose one with the arrows'
    : null;
}
