/** What a parameter of an action is, for whoever renders it. */
import type { ParamShape } from './action.ts';
import { findAction } from './actions/registry.ts';

/** Whether text there is a line for a shell: what is put into it is quoted. */
export function isShellLine(action: string, key: string): boolean {
  return shapesOf(action, key).some((shape) => shape.kind === 'text' && shape.shell === true);
}

/** Whether there is an expression, or a list of such. */
export function isExpression(action: string, key: string): boolean {
  return shapesOf(action, key).some((shape) => shape.kind === 'expression');
}

/** The shape of the parameter, with those of which it may be one. */
function shapesOf(action: string, key: string): readonly ParamShape[] {
  const shape = findAction(action)?.params.fields[key];
  if (shape === undefined) return [];
  return shape.kind === 'either' ? [shape, ...shape.of] : [shape];
}
