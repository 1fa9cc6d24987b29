/** A playbook as `fsha playbook show` prints it: what it is for, what can be set, what is done. */
import { formatDuration } from '../domain/duration.ts';
import type { Playbook, PlaybookStep, PlaybookVariable } from '../domain/playbook/playbook.ts';
import { printable } from '../domain/text.ts';

/** @returns lines; nothing in them can steer a terminal */
export function playbookText({
  name,
  description,
  vars,
  nodes,
  strategy,
  steps,
}: Playbook): readonly string[] {
  const { maxUnavailable, canary, maxFailures, pause } = strategy;
  const order = [
    ...(maxUnavailable === undefined ? [] : [`${maxUnavailable} at a time`]),
    ...(canary === undefined ? [] : [`${canary} first`]),
    ...(maxFailures === undefined ? [] : [`${maxFailures} may fail`]),
    ...(pause === undefined ? [] : [`${formatDuration(pause)} between batches`]),
  ];
  const lines = [
    `${name}${description === '' ? '' : `: ${description.replaceAll('\n', ' ')}`}`,
    ...(nodes === undefined ? [] : [`nodes: ${nodesText(nodes)}`]),
    ...(order.length === 0 ? [] : [`strategy: ${order.join(', ')}`]),
    ...(vars.length === 0 ? [] : ['', 'variables:', ...vars.map(variableText)]),
    '',
    'steps:',
    ...steps.flatMap((step, index) => stepText(step, `${index + 1}.`, 1)),
  ];
  return lines.map((line) => printable(line, 500));
}

function nodesText(nodes: NonNullable<Playbook['nodes']>): string {
  if (nodes.by === 'all') return 'all';
  if (nodes.by === 'any') return 'any, once';
  return nodes.by === 'labels' ? nodes.labels.join(' and ') : nodes.names.map(({ text }) => text).join(', ');
}

function variableText({ name, type, description, required, secret, ...rest }: PlaybookVariable): string {
  const value = secret || rest.default === undefined ? '' : `, default ${JSON.stringify(rest.default)}`;
  const words = `${type}${secret ? ', secret' : ''}${required ? ', required' : ''}${value}`;
  return `  ${name} (${words})${description === '' ? '' : `: ${description}`}`;
}

function stepText(step: PlaybookStep, mark: string, level: number): readonly string[] {
  const { name, action, when, disruptive, cutsCalls } = step;
  const notes = [
    ...(when === undefined ? [] : [`when ${when.text}`]),
    ...(disruptive === true ? ['disruptive'] : []),
    ...(cutsCalls === true ? ['cuts calls'] : []),
  ];
  const line = `${'  '.repeat(level)}${mark} ${name === undefined ? action : `${name} (${action})`}`;
  const inside = (['check', 'rescue', 'undo', 'always'] as const).flatMap((key) => {
    const nested = step[key];
    const list = nested === undefined ? [] : 'action' in nested ? [nested] : nested;
    return list.flatMap((one) => stepText(one, `${key}:`, level + 1));
  });
  return [`${line}${notes.length === 0 ? '' : ` [${notes.join('; ')}]`}`, ...inside];
}
