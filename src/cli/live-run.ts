/** The run of this process, as the screen may look at it: joins the world, the watcher and the desk to the view's own port. */
import { errorInfo } from '../domain/errors.ts';
import { type Known, type Observation, unknown } from '../domain/observation.ts';
import type { LiveRun } from '../tui/live-run.ts';
import type { NodePort } from '../workflow/ports.ts';
import type { RequestDesk } from '../workflow/request-desk.ts';
import type { World } from '../workflow/world.ts';

export interface LiveRunHandle {
  readonly live: LiveRun;
  /** The run has begun: from here on it can be looked at and asked. Returns what is to be called at its end. */
  readonly begin: (desk: RequestDesk, latest: () => Observation) => () => void;
}

/** @param interrupt what Ctrl-C means */
export function liveRunOf(world: World, interrupt: () => void): LiveRunHandle {
  let begun: { readonly desk: RequestDesk; readonly latest: () => Observation } | null = null;
  const over = new AbortController();
  const ask = async <T>(node: string, question: (port: NodePort) => Promise<Known<T>>): Promise<Known<T>> => {
    const port = world.nodes.get(node);
    if (port === undefined) return unknown(`${node} is not in the inventory`);
    if (begun === null) return unknown('the run is not under way');
    try {
      return await question(port);
    } catch (error) {
      return unknown(errorInfo(error).message);
    }
  };
  const rows = oncePerNode((node) => ask(node, (port) => port.channels(over.signal)));
  const liveCalls = oncePerNode((node) => ask(node, (port) => port.liveCalls(over.signal)));
  const live: LiveRun = {
    observation: () => begun?.latest() ?? { nodes: {}, proxies: {} },
    rows,
    liveCalls,
    submit: async (request, by) => {
      if (begun === null) return { accepted: false, why: 'the run is not under way' };
      try {
        return await begun.desk.submit(request, by);
      } catch (error) {
        return { accepted: false, why: errorInfo(error).message };
      }
    },
    interrupt,
  };
  return {
    live,
    begin: (desk, latest) => {
      begun = { desk, latest };
      return () => {
        over.abort();
        begun = null;
      };
    },
  };
}

/**
 * Whoever asks while an answer is awaited is given that one: what is asked for here takes its turn on the connection by
 * which the run itself sees the node, so asking again and again would leave the run blind.
 * @param ask never rejects
 */
function oncePerNode<T>(ask: (node: string) => Promise<T>): (node: string) => Promise<T> {
  const underWay = new Map<string, Promise<T>>();
  return (node) => {
    const before = underWay.get(node);
    if (before !== undefined) return before;
    const answer = ask(node).finally(() => underWay.delete(node));
    underWay.set(node, answer);
    return answer;
  };
}
