/** How each action is carried out. fsha's own have steps of their own and are not here. */
import type { Actions } from '../../workflow/action-port.ts';
import type { Outside } from '../../workflow/outside-ports.ts';
import { runAssert } from './assert.ts';
import { runConfirm } from './confirm.ts';
import { runDispatcherList } from './dispatcher_list.ts';
import { runEsl } from './esl.ts';
import { runHttp } from './http.ts';
import { runNotify } from './notify.ts';
import { runPause } from './pause.ts';
import { runRedis } from './redis.ts';
import { runRpc } from './rpc.ts';
import { runSql } from './sql.ts';
import { runSsh } from './ssh.ts';
import { runUpload } from './upload.ts';

/** @param outside what they reach beside the cluster */
export function runActions(outside: Outside): Actions {
  return new Map([
    ['ssh', runSsh],
    ['upload', runUpload],
    ['esl', runEsl],
    ['rpc', runRpc],
    ['dispatcher_list', runDispatcherList],
    ['http', runHttp(outside.http)],
    ['sql', runSql(outside.sql)],
    ['redis', runRedis(outside.redis)],
    ['confirm', runConfirm],
    ['pause', runPause],
    ['assert', runAssert],
    ['notify', runNotify(outside.http)],
  ]);
}
