/** The keys of a playbook, declared as data: the loader and the JSON Schema read the same. */
import type { VariableType } from '../domain/playbook/playbook.ts';
import type { Field, FieldsShape, ParamShape, StepKey } from './action.ts';

export const VARIABLE_TYPES: readonly VariableType[] = [
  'string',
  'integer',
  'number',
  'boolean',
  'duration',
  'list',
];

/** The keys of a step beside its action. Nested steps are shapes of their own. */
export const STEP_FIELDS: Readonly<
  Record<'name' | Exclude<StepKey, 'check' | 'rescue' | 'always' | 'undo'>, Field>
> = {
  name: {
    kind: 'text',
    expected: 'a name of at most 100 characters',
    pattern: '^.{1,100}$',
    literal: true,
    description: 'What the step is called on the screen and in the journal.',
  },
  when: { kind: 'expression', description: 'Where this is false the step is left out.' },
  timeout: { kind: 'duration', literal: true, description: 'How long the step may take.' },
  register: {
    kind: 'text',
    expected: 'a name',
    literal: true,
    description: 'The name under which later steps find the result.',
  },
  rerun: {
    kind: 'choice',
    choices: ['safe'],
    literal: true,
    description: 'The step may be carried out again where it is unknown whether it was.',
  },
  disruptive: {
    kind: 'boolean',
    literal: true,
    description: 'It may end calls: refused unless the node is out and drained. The point of no return.',
  },
  cutsCalls: {
    kind: 'boolean',
    literal: true,
    description: 'It ends calls and is meant to: carried out wherever the node is.',
  },
};

/** Keys that hold steps. */
export const NESTED: Readonly<Record<'check' | 'rescue' | 'always' | 'undo', string>> = {
  check: 'One step that looks whether this one was done, where that is unknown: done where it succeeds.',
  rescue: 'Steps that are carried out where this one fails; once they succeed the run goes on.',
  always: 'Steps that are carried out in the end, whatever came of it.',
  undo: 'Steps that give back what this one did; an empty list where there is nothing to give back.',
};

export const STEP_KEYS: readonly string[] = [...Object.keys(STEP_FIELDS), ...Object.keys(NESTED)];

const secretSource: ParamShape = {
  kind: 'fields',
  fields: {
    env: {
      kind: 'text',
      expected: 'the name of a variable of the environment',
      pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
      literal: true,
    },
    file: { kind: 'text', expected: 'the path of a file', literal: true },
  },
};

export const VARIABLE: FieldsShape = {
  kind: 'fields',
  fields: {
    type: { kind: 'choice', choices: VARIABLE_TYPES, literal: true, description: 'Default: string.' },
    description: { kind: 'text', literal: true, description: 'What it is, for whoever has to give it.' },
    default: {
      kind: 'either',
      of: [
        { kind: 'text', empty: true, lines: true, literal: true },
        { kind: 'number' },
        { kind: 'boolean' },
        { kind: 'list', of: { kind: 'any' } },
        secretSource,
      ],
      literal: true,
      description: 'Its value where none is given; for a secret { env: NAME } or { file: PATH }.',
    },
    required: { kind: 'boolean', literal: true, description: 'Without a value nothing is begun.' },
    secret: { kind: 'boolean', literal: true, description: 'Never shown, never journaled.' },
  },
};

const label: ParamShape = {
  kind: 'text',
  expected: 'a label such as role=edge',
  pattern: '^[^=]+=.+$',
  literal: true,
};

/** Everything of a playbook but its version and its steps. */
export const HEADER: Readonly<Record<'name' | 'description' | 'vars' | 'nodes' | 'strategy', Field>> = {
  name: {
    kind: 'text',
    expected: 'a name of small letters, digits and -, at most 64 characters',
    pattern: '^[a-z0-9][a-z0-9-]{0,63}$',
    literal: true,
    required: true,
    description: 'The name of the playbook: small letters, digits and -.',
  },
  description: { kind: 'text', lines: true, literal: true, description: 'What it does, in a sentence.' },
  vars: { kind: 'map', of: VARIABLE, literal: true, description: 'What can be set with --var NAME=VALUE.' },
  nodes: {
    kind: 'either',
    of: [
      { kind: 'choice', choices: ['all', 'any'], literal: true },
      { kind: 'list', of: { kind: 'text', expected: 'the name of a node', literal: true }, least: 1 },
      {
        kind: 'fields',
        fields: {
          select: { kind: 'either', of: [label, { kind: 'list', of: label, least: 1 }], required: true },
        },
      },
    ],
    literal: true,
    description:
      'The nodes, where the command line names none: all, a list of names, or { select: role=edge }; any where it is about no node and is carried out once, in the name of the first.',
  },
  strategy: {
    kind: 'fields',
    fields: {
      maxUnavailable: {
        kind: 'either',
        of: [
          { kind: 'integer', minimum: 1 },
          {
            kind: 'text',
            expected: 'a percentage from 1% to 100%',
            pattern: '^([1-9][0-9]?|100)%$',
            literal: true,
          },
        ],
        literal: true,
        description: 'So many nodes may be out at the same time, as a number or a percentage.',
      },
      canary: {
        kind: 'integer',
        minimum: 0,
        maximum: 100_000,
        literal: true,
        description: 'So many nodes go first.',
      },
      maxFailures: {
        kind: 'integer',
        minimum: 0,
        maximum: 100_000,
        literal: true,
        description: 'So many nodes may fail before the run stops.',
      },
      pause: { kind: 'duration', least: 0, literal: true, description: 'Between two batches.' },
    },
    literal: true,
    description: "How several nodes follow each other; what is not said is as the inventory's rolling says.",
  },
};
