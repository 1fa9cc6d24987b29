/** How an inventory names its secrets: where they are, never bare. */
import { Secret } from '../domain/secret.ts';
import { kindOf, scalar, wrong } from '../yaml/scalar.ts';
import type { Notes, Reading } from '../yaml/scalar.ts';

export type SecretReference =
  | { readonly from: 'env'; readonly name: string }
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'literal'; readonly value: Secret };

const FORMS = '{ env: NAME }, { file: PATH } or { literal: TEXT }';
const ENV_NAME = '^[A-Za-z_][A-Za-z0-9_]*$';

function form(key: string, schema: Readonly<Record<string, unknown>>) {
  return {
    type: 'object',
    properties: { [key]: { type: 'string', minLength: 1, ...schema } },
    required: [key],
    additionalProperties: false,
  };
}

/** A secret by reference. Nothing that stands here is repeated in messages, keys included. */
export function secret(notes: Notes) {
  const oneOf = [
    form('env', { pattern: ENV_NAME, description: 'The environment variable that holds it.' }),
    form('file', {
      description: 'The file that holds it, not readable by everybody; relative to the inventory.',
    }),
    form('literal', { description: 'The secret itself, in plain sight.' }),
  ];
  return scalar({ oneOf, ...notes }, readReference);
}

function readReference(written: unknown): Reading<SecretReference> {
  if (typeof written === 'string' || typeof written === 'number' || typeof written === 'boolean') {
    return wrong(`A secret does not stand here bare: write ${FORMS}.`);
  }
  if (written === null || typeof written !== 'object' || Array.isArray(written)) {
    return wrong(`This is ${kindOf(written)}: a secret is written as ${FORMS}.`);
  }
  const [entry, ...more] = Object.entries(written as Record<string, unknown>);
  if (entry === undefined || more.length > 0 || !['env', 'file', 'literal'].includes(entry[0])) {
    return wrong(`A secret is a map with exactly one key, env, file or literal: write ${FORMS}.`);
  }
  const [key, value] = entry;
  if (typeof value !== 'string') return wrong(`What follows ${key}: has to be a text. Put it in quotes.`);
  if (value === '') return wrong(`What follows ${key}: is empty.`);
  if (/[\u0000-\u001f\u007f]/.test(value))
    return wrong(`What follows ${key}: has line breaks or control characters in it.`);
  if (key === 'literal') return { value: { from: 'literal', value: new Secret(value) } };
  if (key === 'file') {
    if (/^~(?!\/|$)/.test(value))
      return wrong('Only ~/ is understood, the home directory of whoever runs fsha. Write the whole path.');
    return { value: { from: 'file', path: value } };
  }
  if (!new RegExp(ENV_NAME).test(value))
    return wrong('What follows env: is not the name of a variable: write it without $ and braces.');
  return { value: { from: 'env', name: value } };
}
