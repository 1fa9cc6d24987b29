import type { ErrorInfo } from '../../domain/errors.ts';
import type { EventData, RunEvent } from '../../domain/run-events.ts';
import { printable } from '../../domain/text.ts';
import { cutCallLine } from '../call-words.ts';
import { counted } from '../count-words.ts';
import { A_DOZEN, nameList } from '../name-list.ts';
import { exitMeaning } from '../exit-words.ts';
import { errorWords, type Sentence, type SentenceContext } from './sentence.ts';

/** So many calls that were cut are listed; the others are for `fsha show`. */
const LISTED = 20;

export const runSettled: Sentence<'run.settled'> = {
  level: () => 'end',
  say: (event, context) => {
    const { outcome, exit, nodes, callsCut, next, error, lost, untouched = [], earlier = [] } = event.data;
    return [
      `${printable(outcome)} (exit ${exit}: ${exitMeaning(exit)})`,
      ...serviceLines(nodes),
      ...(earlier.length === 0 ? [] : [`  done before: ${nameList(earlier)}`]),
      ...(untouched.length === 0 ? [] : [`  not begun: ${nameList(untouched)}`]),
      ...cutLines(event, callsCut, context).map((line) => `  ${line}`),
      ...(error === undefined ? [] : [`  why: ${errorWords(error, context).replaceAll('\n', '\n  ')}`]),
      ...(lost === undefined ? [] : [`  first: ${lostWords(lost)}`]),
      // Whole, however long: they are there to be copied.
      ...(next.length === 0
        ? []
        : ['  next:', ...next.map((command) => `    ${printable(command, Infinity)}`)]),
    ].join('\n');
  },
};

/** What the commands below hang on: without room for a journal none of them begins. */
function lostWords({ message, hint }: ErrorInfo): string {
  const todo = hint === '' ? '' : ` ${printable(hint, 500)}`;
  return `the journal lacks a part of this run, and until it can be written nothing goes on.${todo} (${printable(message, 500)})`;
}

/** Whoever is not in service is named, however many there are; of many that are it is enough how many. */
function serviceLines(nodes: EventData['run.settled']['nodes']): readonly string[] {
  const all = Object.entries(nodes);
  const fine = all.filter(([, service]) => service === 'in service').map(([name]) => name);
  const isMany = fine.length > A_DOZEN;
  const told = isMany ? all.filter(([, service]) => service !== 'in service') : all;
  return [
    ...told.map(([node, service]) => `  ${printable(node)}: ${printable(service)}`),
    ...(isMany ? [`  in service: ${nameList(fine)}`] : []),
  ];
}

function cutLines(event: RunEvent, callsCut: number, context: SentenceContext): readonly string[] {
  const calls = context.cutCalls.all().filter(({ outcome }) => outcome === 'cut' || outcome === 'unknown');
  const expendable = calls.filter(({ call }) => call.expendable).length;
  const perhaps = calls.filter(({ call, outcome }) => outcome === 'unknown' && !call.expendable).length;
  const head = [
    ...(callsCut === 0
      ? []
      : [`${counted(callsCut, 'call')} cut${perhaps === 0 ? '' : ` (${perhaps} of them perhaps)`}`]),
    ...(expendable === 0 ? [] : [`${counted(expendable, 'expendable call')} cut (not counted)`]),
  ];
  // Where cutting was all that was to be done, that none was is worth a word.
  if (head.length === 0) return context.plan?.kind === 'hangup' ? ['no call was cut'] : [];
  const withNode = new Set(calls.map(({ node }) => node)).size > 1;
  const listed = calls.slice(0, LISTED).map((one) => `  ${cutCallLine(one, withNode)}`);
  // Without a list (fsha show has its own, of all of them) there is nothing that more could follow.
  if (listed.length === 0) return [head.join(', ')];
  // What a process before a resume has cut is counted, but not remembered here.
  const more = Math.max(callsCut + expendable, calls.length) - listed.length;
  const where = `${printable(context.call, Infinity)} show ${printable(event.run)}`;
  return [head.join(', '), ...listed, ...(more > 0 ? [`  and ${more} more: ${where}`] : [])];
}
