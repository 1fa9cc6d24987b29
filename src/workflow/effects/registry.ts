/** Every kind of effect and how it is done. */
import type { EffectKind } from '../../domain/effect.ts';
import type { EffectHandler } from '../effect-handler.ts';
import { actionRun } from './action-run.ts';
import { callHangup } from './call-hangup.ts';
import { dispatcherState } from './dispatcher-state.ts';
import { hookOnOut } from './hook-on-out.ts';
import { nodeMark } from './node-mark.ts';
import { nodePause } from './node-pause.ts';
import { nodeRestart } from './node-restart.ts';

export const EFFECTS: { readonly [K in EffectKind]: EffectHandler<K> } = {
  'dispatcher.state': dispatcherState,
  'node.pause': nodePause,
  'node.mark': nodeMark,
  'node.restart': nodeRestart,
  'call.hangup': callHangup,
  'hook.on_out': hookOnOut,
  'action.run': actionRun,
};
