import { FshaError } from '../../domain/errors.ts';
import type { EffectHandler } from '../effect-handler.ts';

/**
 * An action of a playbook is its own proof: nothing in the world tells in general what it did. Its step acts, since the step
 * alone has the values.
 */
export const actionRun: EffectHandler<'action.run'> = {
  look: () => Promise.resolve(null),
  isSo: () => false,
  isConfirmed: () => false,
  act: () => Promise.reject(new FshaError('bug', 'an action of a playbook is carried out by its step')),
};
