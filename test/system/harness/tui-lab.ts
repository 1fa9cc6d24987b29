/** A lab for drains on a terminal: quick settings, calls that end when they are told to, and what the journal says. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RunEvent } from '../../../src/domain/run-events.ts';
import { ALL_IN, type LabForFsha, startLabForFsha } from '../../support/lab-for-fsha.ts';
import { type PhoneDialog, SipPhone } from '../../support/sip-phone.ts';
import { until } from '../../support/until.ts';

/** The number that calls from; nobody may see it. */
export const CALLER = '4930123456';

export interface HeldCalls {
  /** Hung up from here, one after the other; without numbers all that were not yet. */
  hangUp(...numbers: readonly string[]): Promise<void>;
  /** How many were hung up by the node. */
  cut(): number;
}

export interface TuiLab extends LabForFsha {
  /** An inventory whose drains are quick, and in which calls to 112 and to `日本…` are protected. */
  readonly config: string;
  /** The same with these settings of `drain` as well. */
  withDrain(settings: string): Promise<string>;
  /** Calls node-1 itself, past the proxies. They end with the test. */
  hold(...numbers: readonly string[]): Promise<HeldCalls>;
  /** Before a test: what one that failed left behind is not to be the next one's riddle. */
  bringIn(): Promise<void>;
  /** Events of the run that was begun last; none where there is none. */
  events(): Promise<readonly RunEvent[]>;
}

/** Starts it; `stop` ends it. */
export async function startTuiLab(): Promise<TuiLab> {
  const lab = await startLabForFsha();
  const inventory = await readFile(lab.lab.configFile, 'utf8');
  const withDrain = async (settings: string): Promise<string> => {
    const file = join(lab.lab.configFile, '..', `quick-${settings.replaceAll(/\W/g, '')}.yaml`);
    const text = [
      ['drain: { timeout: 5m, poll: 1s, settle: 1s }', `drain: { ${QUICK}${settings} }`],
      ['minSoak: 2s', 'minSoak: 500ms'],
      ['frTimer: 2s', 'frTimer: 500ms'],
    ].reduce((before, [from = '', to = '']) => {
      if (!before.includes(from)) throw new Error(`the inventory has no ${from}`);
      return before.replaceAll(from, () => to);
    }, inventory);
    await writeFile(file, text);
    return file;
  };
  return {
    ...lab,
    config: await withDrain(''),
    withDrain,
    hold: (...numbers) => hold(lab, numbers),
    bringIn: async () => {
      await Promise.all(['lb-1', 'lb-2'].map((name) => lab.askProxy(name, { silent: false })));
      const isIn = async (): Promise<boolean> => (await lab.flags()).join() === ALL_IN.join();
      if (!(await isIn())) await lab.call('activate', 'node-1');
      await until('every node is in', isIn);
    },
    events: async () => {
      const newest = [...(await lab.journals())].sort().at(-1);
      if (newest === undefined) return [];
      const text = await readFile(join(lab.stateDir, 'runs', newest), 'utf8');
      return text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as RunEvent);
    },
  };
}

const QUICK = "timeout: 5m, poll: 500ms, settle: 500ms, protect: ['^112$', '日本']";

async function hold({ lab }: LabForFsha, numbers: readonly string[]): Promise<HeldCalls> {
  const [node] = lab.nodes;
  if (node === undefined) throw new Error('no node');
  const phone = await SipPhone.open('127.0.0.1', CALLER);
  let up: readonly { readonly number: string; readonly dialog: PhoneDialog }[] = await Promise.all(
    numbers.map(async (number) => ({ number, dialog: await phone.call(node.sip, number) })),
  );
  const cutCalls = (): readonly (string | undefined)[] =>
    phone.received.filter(({ start }) => start.startsWith('BYE ')).map((line) => line.header('call-id'));
  const hangUp = async (...wanted: readonly string[]): Promise<void> => {
    const these = up.filter(({ number }) => wanted.length === 0 || wanted.includes(number));
    up = up.filter((one) => !these.includes(one));
    for (const { dialog } of these) if (!cutCalls().includes(dialog.callId)) await dialog.bye();
  };
  onTestFinished(async () => {
    // Whether they are still there is no question of the test's.
    await Promise.allSettled(up.map(({ dialog }) => dialog.bye()));
    phone.close();
  });
  return { hangUp, cut: () => new Set(cutCalls()).size };
}
