/** Bounds what carrying out an expression costs: the library has no bound of its own for lists in lists. */
import type { ASTNode } from '@marcbachmann/cel-js';
import { carried, type Carried, type Evaluate } from './cel-library.ts';
import { linearMatch, type LinearMatch } from './cel-match.ts';
import { Weights } from './cel-values.ts';

/** Steps: values that are looked at or made, and every sixteen characters of them. */
const MOST_STEPS = 1_000_000;

/** A value that failed: the library makes an error of it, which takes as long as so many steps. */
const FAILURE = 50;

/** Characters of a text. */
const LONGEST_TEXT = 1_048_576;

/** Parts of a value. */
const LARGEST = 200_000;

/**
 * Thrown where a bound is passed, or where a regular expression given as a value is none. The operators `&&` and `||`
 * and the list functions swallow what is thrown: so the meter remembers it, and goes no further.
 */
export class Stopped extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

export class Meter {
  #left = MOST_STEPS;
  #weights = new Weights();
  #patterns = new Map<string, LinearMatch | string>();
  #last = new Map<ASTNode, unknown>();
  #stopped: Stopped | undefined;

  /** @param root what was parsed and never carried out; it must not be carried out any more but between begin and end */
  constructor(root: ASTNode) {
    this.#watch(root, false);
  }

  begin(): void {
    this.#left = MOST_STEPS;
    this.#stopped = undefined;
  }

  /** Why it did not go on, if it did not. */
  get stopped(): Stopped | undefined {
    return this.#stopped;
  }

  /** Forgets every value. */
  end(): void {
    this.#weights = new Weights();
    this.#patterns = new Map();
    this.#last = new Map();
  }

  /** What a node had last: of what a field was asked. */
  last(node: ASTNode): unknown {
    return this.#last.get(node);
  }

  #spend(steps: number, offset: number): void {
    this.#left -= steps;
    if (this.#left < 0)
      this.#stop('This goes through more values than an expression may. Ask for less at once.', offset);
    if (this.#stopped !== undefined) throw this.#stopped;
  }

  #stop(message: string, offset: number): never {
    this.#stopped ??= new Stopped(message, offset);
    throw this.#stopped;
  }

  /** @param asked whether a part of its value is asked for, and the whole is looked at by nobody */
  #watch(node: ASTNode, asked: boolean): void {
    for (const [child, isAsked] of childrenOf(node)) this.#watch(child, isAsked);
    const own = carried(node);
    const target: Carried = own.meta.alternate ?? own;
    const evaluate = node.op === 'rcall' && node.args[0] === 'matches' ? this.#match() : target.meta.evaluate;
    target.setMeta('evaluate', (evaluator, self, context) => {
      this.#spend(1, node.start);
      let value: unknown;
      try {
        value = evaluate(evaluator, self, context);
      } catch (error) {
        if (this.#stopped === undefined) this.#spend(FAILURE, node.start);
        throw error;
      }
      if (asked) this.#last.set(node, value);
      else this.#weigh(value, node.start);
      return value;
    });
  }

  #weigh(value: unknown, offset: number): void {
    if (typeof value === 'string' && value.length > LONGEST_TEXT)
      this.#stop('This text is longer than a million characters.', offset);
    const weight = this.#weights.of(value);
    if (weight > LARGEST && typeof value === 'object')
      this.#stop('This value has more parts than an expression may look at.', offset);
    this.#spend(weight, offset);
  }

  /** In place of the library's `matches`, which takes the engine's own regular expressions. */
  #match(): Evaluate {
    return (evaluator, node, context) => {
      if (node.op !== 'rcall') return false;
      const [, receiver, [argument]] = node.args;
      if (argument === undefined) return false;
      const text = evaluator.run(receiver, context);
      const pattern = evaluator.run(argument, context);
      if (typeof text !== 'string')
        return this.#stop('matches() is asked of something that is no text.', receiver.start);
      if (typeof pattern !== 'string')
        return this.#stop('matches() needs a regular expression, which is a text.', argument.start);
      let match = this.#patterns.get(pattern);
      if (match === undefined) {
        // To compile one costs far more than to look it up: a list of them must not be free.
        this.#spend(FAILURE + pattern.length * 10, argument.start);
        match = linearMatch(pattern);
        this.#patterns.set(pattern, match);
      }
      if (typeof match === 'string') return this.#stop(`This regular expression ${match}.`, argument.start);
      this.#spend(match.cost(text.length), node.start);
      return match.foundIn(text);
    };
  }
}

/** The nodes below, each with whether only a part of its value is asked for. */
function childrenOf(node: ASTNode): readonly (readonly [ASTNode, boolean])[] {
  const whole = (nodes: readonly ASTNode[]): readonly (readonly [ASTNode, boolean])[] =>
    nodes.map((child) => [child, false]);
  switch (node.op) {
    case 'id':
    case 'value':
      return [];
    case '.':
    case '.?':
      return [[node.args[0], true]];
    case '[]':
    case '[?]':
      return [
        [node.args[0], true],
        [node.args[1], false],
      ];
    case 'call':
      return whole(node.args[1]);
    case 'rcall':
      return whole([node.args[1], ...node.args[2]]);
    case 'map':
      return whole(node.args.flat());
    case 'list':
      return whole(node.args);
    case '!_':
    case '-_':
      return whole([node.args]);
    default:
      return whole(node.args);
  }
}
