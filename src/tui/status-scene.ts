/** `fsha status --watch` on a terminal: all nodes on all proxies, in as many lines as there is room for. */
import type { Cluster, Node } from '../domain/cluster.ts';
import type { Observation } from '../domain/observation.ts';
import type { RunNotes } from '../domain/run-notes.ts';
import { printable } from '../domain/text.ts';
import { nodeNotes } from '../output/status-notes.ts';
import { inOneLine, saidOfNode } from '../output/status-runs.ts';
import { tally } from '../output/status-service.ts';
import { clip, EMPTY_LINE, type Line, line, styled } from './line.ts';
import type { Key, Moment, Scene, Size } from './scene.ts';
import { ageText, isOld } from './status/age.ts';
import { layoutOf, nodeLine, titleLine } from './status/columns.ts';
import { detailLines } from './status/detail.ts';
import { countsLine, filled, footerLine, headerLine, listLine, proxiesLine } from './status/frame.ts';
import { helpLines } from './status/help.ts';
import { List } from './status/list.ts';
import { type NodeRow, Rows } from './status/rows.ts';
import { runsLine } from './status/run-words.ts';
import { wrapText } from '../output/wrap-text.ts';

export interface StatusSceneOptions {
  readonly cluster: Cluster;
  /** What was read last of everything. A reading that is the same object as before is not looked at again. */
  readonly observe: () => Observation;
  /** What is to be said of runs; the same object where that is the same. null: nothing is known yet. */
  readonly runs: () => RunNotes | null;
  /** Ms between two readings of one thing. */
  readonly poll: number;
  /** The person wants to leave: by a key of this view, or by Ctrl-C. */
  readonly onLeave: (by: 'key' | 'ctrl-c') => void;
}

export function statusScene(options: StatusSceneOptions): Scene {
  return new StatusScene(options);
}

/** From this height on there is room for two lines of why something is unknown. */
const ROOMY = 20;
/** With fewer lines for nodes something else is left out. */
const LEAST_NODES = 3;

class StatusScene implements Scene {
  readonly #options: StatusSceneOptions;
  readonly #rows: Rows;
  readonly #list: List;
  /** What is shown in place of the list. It stays with its node, also where a filter hides that meanwhile. */
  #page: 'help' | Node | null = null;
  #typing = false;
  /** Lines of the page that are above the screen, and how many there is room for. */
  #above = 0;
  #room = 1;

  constructor(options: StatusSceneOptions) {
    const { cluster, observe, runs } = options;
    this.#options = options;
    this.#rows = new Rows(cluster);
    this.#list = new List(
      cluster.nodes.map(({ name }) => name),
      () => this.#rows.of(observe(), runs()),
    );
  }

  draw(size: Size, moment: Moment): readonly Line[] {
    const observation = this.#options.observe();
    const page = this.#page;
    const lines =
      page === null
        ? this.#drawList(size, moment, observation)
        : this.#drawPage(page, size, moment, observation);
    return lines.slice(0, size.rows).map((one) => clip(one, size.columns));
  }

  onKey(key: Key): void {
    if (key.name === 'ctrl-c') this.#options.onLeave('ctrl-c');
    else if (this.#typing) this.#onFilterKey(key);
    else if (this.#page === null) this.#onListKey(key);
    else this.#onPageKey(key);
  }

  #drawList({ columns, rows: height }: Size, moment: Moment, observation: Observation): readonly Line[] {
    const { cluster, poll } = this.#options;
    const { now, wall } = moment;
    const runs = this.#options.runs();
    const all = this.#rows.of(observation, runs);
    const age = ({ at }: NodeRow): string =>
      at !== null && isOld(at, now, poll) ? `${ageText(at, now)} old` : '';
    const layout = layoutOf(
      cluster,
      all,
      columns,
      all.some((row) => row.notes.length > 0 || age(row) !== ''),
    );
    const services = all.map(({ service }) => service);
    const proxies = proxiesLine(cluster, observation, now, poll, columns);
    const ofRuns = runsLine(runs, wall.getTime(), columns);
    const around = new Map<Part, number>([
      ['counts', 1],
      ['list', 1],
      ['titles', 1],
      ['header', 1],
      ['footer', 1],
      ['proxies', proxies === null ? 0 : 1],
      ['runs', ofRuns === null ? 0 : 1],
      ['why', height >= ROOMY ? 2 : 1],
    ]);
    const nodes = roomFor(around, height);
    const inSight = this.#list.inSight(nodes);
    const { selected } = inSight;
    const has = (part: Part, make: () => readonly Line[]): readonly Line[] =>
      (around.get(part) ?? 0) > 0 ? make() : [];
    return [
      ...has('header', () => [headerLine(cluster, wall, columns)]),
      ...has('counts', () => [
        countsLine(tally(cluster, observation, services), cluster.nodes.length, columns),
      ]),
      ...has('proxies', () => (proxies === null ? [] : [proxies])),
      ...has('runs', () => (ofRuns === null ? [] : [ofRuns])),
      ...has('list', () => [listLine(this.#list, this.#typing, inSight, all.length, columns)]),
      ...has('titles', () => [titleLine(layout)]),
      ...filled(
        inSight.shown === 0
          ? [line(styled('dim', '  no node is like that'))]
          : inSight.rows.map((row) => nodeLine(layout, row, age(row), row === selected)),
        nodes,
      ),
      ...has('why', () => {
        const room = around.get('why') ?? 1;
        return filled(selected === null ? [] : this.#why(selected, observation, moment, columns, room), room);
      }),
      ...has('footer', () => [footerLine(this.#typing ? 'typing' : 'list', columns)]),
    ];
  }

  /** The notes of the selected node; what there is no room for goes on behind the edge. */
  #why(
    { node, at }: NodeRow,
    observation: Observation,
    { wall }: Moment,
    width: number,
    room: number,
  ): readonly Line[] {
    const { cluster, runs } = this.#options;
    const known = runs();
    const notes = [
      ...(at === null ? [] : nodeNotes(cluster, observation, node, known)),
      ...(known === null ? [] : saidOfNode(known, node.name, wall.getTime()).map(inOneLine)),
    ];
    const lines = notes.flatMap((note) => wrapText(printable(note, 1_500), width));
    const last = lines.slice(room - 1).join(' ');
    return [...lines.slice(0, room - 1), last].map((text) => line(styled('warning', text)));
  }

  /** Everything of one node, or the help. */
  #drawPage(page: 'help' | Node, size: Size, moment: Moment, observation: Observation): readonly Line[] {
    const { cluster } = this.#options;
    const { columns, rows: height } = size;
    const body =
      page === 'help'
        ? helpLines(columns)
        : detailLines({
            cluster,
            observation,
            runs: this.#options.runs(),
            node: page,
            moment,
            width: columns,
          });
    this.#room = Math.max(1, height - 3);
    this.#above = Math.max(0, Math.min(this.#above, body.length - this.#room));
    return [
      headerLine(cluster, moment.wall, columns),
      EMPTY_LINE,
      ...filled(body.slice(this.#above), this.#room),
      footerLine(page === 'help' ? 'help' : 'detail', columns),
    ];
  }

  #onListKey(key: Key): void {
    if (key.name === null) {
      // What was pasted is no command.
      if (key.text === 'q') this.#options.onLeave('key');
      else if (key.text === 's') this.#list.nextOrder();
      else if (key.text === '/') this.#typing = true;
      else if (key.text === '?') this.#show('help');
      return;
    }
    if (key.name === 'enter') this.#show(this.#list.selected?.node ?? null);
    else if (key.name === 'escape') {
      if (this.#list.filter === '') this.#options.onLeave('key');
      else this.#list.filter = '';
    } else this.#move(key);
  }

  #move({ name }: Key): void {
    if (name === 'up') this.#list.move(-1);
    else if (name === 'down') this.#list.move(1);
    else if (name === 'page-up') this.#list.movePages(-1);
    else if (name === 'page-down') this.#list.movePages(1);
    else if (name === 'home') this.#list.moveHome();
    else if (name === 'end') this.#list.moveEnd();
  }

  #onFilterKey(key: Key): void {
    const { filter } = this.#list;
    if (key.name === null) this.#list.filter = `${filter}${key.text}`.slice(0, 100);
    else if (key.name === 'backspace') this.#list.filter = Array.from(filter).slice(0, -1).join('');
    else if (key.name === 'enter') this.#typing = false;
    else if (key.name === 'escape') {
      this.#typing = false;
      this.#list.filter = '';
    } else this.#move(key);
  }

  #onPageKey({ name, text }: Key): void {
    const steps = { up: -1, down: 1, 'page-up': -this.#room, 'page-down': this.#room } as const;
    if (text === 'q') this.#options.onLeave('key');
    else if (name === 'enter' || name === 'escape' || (text === '?' && this.#page === 'help'))
      this.#show(null);
    else if (text === '?') this.#show('help');
    else if (name === 'home') this.#above = 0;
    else if (name === 'end') this.#above = Number.MAX_SAFE_INTEGER;
    else if (name === 'up' || name === 'down' || name === 'page-up' || name === 'page-down')
      this.#above = Math.max(0, this.#above + steps[name]);
  }

  #show(page: 'help' | Node | null): void {
    this.#page = page;
    this.#above = 0;
  }
}

type Part = 'header' | 'counts' | 'proxies' | 'runs' | 'list' | 'titles' | 'why' | 'footer';

/** Takes away what matters least until there is room for some nodes. @returns the lines that they get */
function roomFor(around: Map<Part, number>, height: number): number {
  const left = (): number => height - [...around.values()].reduce((sum, lines) => sum + lines, 0);
  for (const part of ['why', 'proxies', 'runs', 'footer', 'header', 'titles', 'list', 'counts'] as const) {
    if (left() >= LEAST_NODES) break;
    around.set(part, 0);
  }
  return Math.max(1, left());
}
