/** What is new in a reading of one node, beside what proxies show of it. */
import type { Node } from '../domain/cluster.ts';
import type { ErrorInfo } from '../domain/errors.ts';
import type { Known, NodeObservation } from '../domain/observation.ts';
import { printable } from '../domain/text.ts';
import { pauseCell, versionCell } from './status-cells.ts';
import { heldWords } from './status-notes.ts';

export interface News {
  readonly text: string;
  /** Whether it is something to look after. */
  readonly bad: boolean;
}

/** News of a node without its name: what many nodes have in common is said once. */
export interface NodeNews extends News {
  readonly node: string;
}

/** Values of a node whose change is told; the others change all the time. */
export interface Remembered {
  reading: NodeObservation | undefined;
  /** `unread`: it had not been read when all of it was told at first. */
  trouble: ErrorInfo['code'] | 'unread' | null | undefined;
  /** By the name of the proxy, as last known: an unknown one is the proxy's news. */
  readonly states: Map<string, string>;
  /** By what they are called, as last known. */
  readonly values: Map<string, string>;
  readonly unknown: Set<string>;
}

export function nothing(): Remembered {
  return {
    reading: undefined,
    trouble: undefined,
    states: new Map(),
    values: new Map(),
    unknown: new Set(),
  };
}

/** What has changed in what the node says, since what is remembered; remembers it. */
export function readingNews(node: Node, memory: Remembered, seen: NodeObservation): readonly NodeNews[] {
  const before = memory.trouble;
  memory.trouble = seen.trouble?.code ?? null;
  if (seen.trouble !== null) {
    const { message, hint } = seen.trouble;
    const why = printable(hint === '' ? message : `${message} ${hint}`, 800);
    return before === seen.trouble.code ? [] : [said(node, `unreachable: ${why}`, true)];
  }
  return [
    ...(before === null || before === undefined
      ? []
      : [said(node, before === 'unread' ? 'reachable' : 'reachable again', false)]),
    ...TOLD.flatMap(({ key, word, show, isBad, changed }) => {
      const value: Known<unknown> = seen[key];
      const wasUnknown = memory.unknown.has(key);
      if (!value.known) {
        memory.unknown.add(key);
        return wasUnknown ? [] : [said(node, `${word} unknown: ${printable(value.why, 500)}`, true)];
      }
      memory.unknown.delete(key);
      const text = show(seen);
      const last = memory.values.get(key);
      if (text !== null) memory.values.set(key, text);
      return [
        ...(wasUnknown ? [said(node, `${word} known again`, false)] : []),
        ...(text === null || last === undefined || last === text
          ? []
          : [said(node, changed(text, last), isBad(text))]),
      ];
    }),
  ];
}

interface Told {
  readonly key: keyof NodeObservation &
    ('sessions' | 'calls' | 'ready' | 'coreUuid' | 'version' | 'pause' | 'mark');
  readonly word: string;
  /** The value as it is compared; null where a change of it is none worth a line. Asked only where it is known. */
  readonly show: (seen: NodeObservation) => string | null;
  readonly changed: (text: string, before: string) => string;
  readonly isBad: (text: string) => boolean;
}

const never = (): boolean => false;

const TOLD: readonly Told[] = [
  { key: 'sessions', word: 'sessions', show: () => null, changed: String, isBad: never },
  { key: 'calls', word: 'calls', show: () => null, changed: String, isBad: never },
  {
    key: 'ready',
    word: 'readiness',
    show: ({ ready }) => (ready.known && ready.value ? 'ready' : 'not ready'),
    changed: (text) => text,
    isBad: (text) => text !== 'ready',
  },
  {
    key: 'coreUuid',
    word: 'core_uuid',
    show: ({ coreUuid }) => (coreUuid.known ? coreUuid.value : null),
    changed: () => 'FreeSWITCH was restarted',
    isBad: () => true,
  },
  {
    key: 'version',
    word: 'version',
    show: versionCell,
    changed: (text, before) => `version ${text} (was ${before})`,
    isBad: never,
  },
  {
    key: 'pause',
    word: 'pause',
    show: pauseCell,
    changed: (text, before) => (text === 'no' ? `no longer paused (was ${before})` : `paused: ${text}`),
    isBad: (text) => text !== 'no',
  },
  {
    key: 'mark',
    word: 'mark',
    show: ({ mark }) => (mark.known && mark.value !== null ? heldWords(mark.value) : ''),
    changed: (text, before) => (text === '' ? `no longer ${before}` : text),
    isBad: never,
  },
];

/** What holds or keeps back a node right now. */
export function standing(node: Node, seen: NodeObservation | undefined): readonly NodeNews[] {
  if (seen?.trouble !== null) return [];
  const { ready, pause, mark } = seen;
  return [
    ...(ready.known && !ready.value ? [said(node, 'not ready', true)] : []),
    ...(pause.known && (pause.value.inbound || pause.value.outbound)
      ? [said(node, `paused: ${pauseCell(seen)}`, true)]
      : []),
    ...(mark.known && mark.value !== null ? [said(node, heldWords(mark.value), false)] : []),
  ];
}

/** @param text with or without the name of the node before it */
export function said(node: Node, text: string, isBad: boolean): NodeNews {
  const head = `${printable(node.name)}: `;
  return { node: node.name, text: text.startsWith(head) ? text.slice(head.length) : text, bad: isBad };
}
