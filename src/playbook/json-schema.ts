/** The JSON Schema (draft 2020-12) of playbooks, for editors: made of the same shapes by which they are read. */
import type { Action, Field, FieldsShape, ParamShape } from './action.ts';
import { ACTIONS } from './actions/registry.ts';
import { DURATION_PATTERN } from '../yaml/duration-text.ts';
import { HEADER, NESTED, STEP_FIELDS } from './step-shape.ts';

type Schema = Readonly<Record<string, unknown>>;

const TEMPLATE: Schema = { type: 'string', pattern: '\\{\\{' };

export function playbookSchema(): Schema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A playbook of fsha',
    type: 'object',
    properties: {
      version: { const: 1, description: 'The version of this format.' },
      ...properties(HEADER),
      steps: { ...list('#/$defs/step'), minItems: 1, description: 'What is done, one after the other.' },
    },
    required: ['version', 'name', 'steps'],
    additionalProperties: false,
    $defs: { step: stepSchema() },
  };
}

function list(of: string): Schema {
  return { type: 'array', items: { $ref: of } };
}

function stepSchema(): Schema {
  const nested = Object.entries(NESTED).map(([key, description]): [string, Schema] => [
    key,
    key === 'check' ? { $ref: '#/$defs/step', description } : { ...list('#/$defs/step'), description },
  ]);
  return {
    type: 'object',
    properties: {
      ...properties(STEP_FIELDS),
      ...Object.fromEntries(nested),
      ...Object.fromEntries(ACTIONS.map((action) => [action.name, actionSchema(action)])),
    },
    additionalProperties: false,
    // Exactly one action, without the keys that mean nothing beside it.
    oneOf: ACTIONS.map(({ name, without = [] }) => ({
      required: [name],
      ...(without.length === 0 ? {} : { properties: Object.fromEntries(without.map((key) => [key, false])) }),
    })),
  };
}

function actionSchema({ params, short, summary }: Action): Schema {
  const whole = fieldsSchema(params);
  const field = short === undefined ? undefined : params.fields[short];
  const isEmpty = Object.values(params.fields).every(({ required }) => required !== true);
  const ways = [
    whole,
    ...(field === undefined ? [] : [schemaOf(field)]),
    ...(isEmpty ? [{ type: 'null' }] : []),
  ];
  return ways.length === 1 ? { ...whole, description: summary } : { anyOf: ways, description: summary };
}

function properties(fields: Readonly<Record<string, Field>>): Readonly<Record<string, Schema>> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, field]) => [
      key,
      {
        ...schemaOf(field),
        ...(field.description === undefined ? {} : { description: field.description }),
        ...(field.default === undefined ? {} : { default: field.default }),
      },
    ]),
  );
}

function fieldsSchema({ fields }: FieldsShape): Schema {
  const required = Object.keys(fields).filter((key) => fields[key]?.required === true);
  return {
    type: 'object',
    properties: properties(fields),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

/** Templates are allowed wherever the shape is not literal. */
function schemaOf(shape: ParamShape): Schema {
  const plain = plainSchema(shape);
  const takesAnyText = shape.kind === 'expression' || shape.kind === 'any';
  const isOpenText = shape.kind === 'text' && shape.pattern === undefined;
  if (shape.literal === true || takesAnyText || isOpenText || shape.kind === 'either') return plain;
  return { anyOf: [plain, TEMPLATE] };
}

function plainSchema(shape: ParamShape): Schema {
  switch (shape.kind) {
    case 'text':
      return {
        type: 'string',
        ...(shape.pattern === undefined ? {} : { pattern: shape.pattern }),
        ...(shape.empty === true ? {} : { minLength: 1 }),
      };
    case 'integer':
    case 'number':
      return {
        type: shape.kind,
        ...(shape.minimum === undefined ? {} : { minimum: shape.minimum }),
        ...(shape.maximum === undefined ? {} : { maximum: shape.maximum }),
      };
    case 'boolean':
      return { type: 'boolean' };
    case 'duration':
      return { type: 'string', pattern: DURATION_PATTERN };
    case 'choice':
      return { type: 'string', enum: shape.choices };
    case 'expression':
      return { type: 'string', minLength: 1 };
    case 'list':
      return {
        type: 'array',
        items: schemaOf(shape.of),
        ...(shape.least === undefined ? {} : { minItems: shape.least }),
        ...(shape.most === undefined ? {} : { maxItems: shape.most }),
      };
    case 'map':
      return { type: 'object', additionalProperties: schemaOf(shape.of) };
    case 'either':
      return { anyOf: shape.of.map(schemaOf) };
    case 'any':
      return {};
    case 'fields':
      return fieldsSchema(shape);
  }
}
