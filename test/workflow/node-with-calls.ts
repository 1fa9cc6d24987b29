import { type ChannelRow, known, type Known, type LiveCalls } from '../../src/domain/observation.ts';
import type { NodeActivity } from '../../src/workflow/ports.ts';

/** A node with calls that do as they are told, or as a test says. */
export class NodeWithCalls {
  readonly node = 'node-1';
  legs: readonly ChannelRow[] = [];
  /** Called before a channel is ended. Returning false keeps it up; an error is what the node answers. */
  onKill: (uuid: string) => boolean = () => true;
  /** Sessions that have no row. */
  unlisted = 0;
  readonly kills: string[] = [];
  /** How often calls were judged with one question for each of them. */
  judged = 0;

  readonly #listeners = new Set<(activity: NodeActivity) => void>();

  onActivity(listener: (activity: NodeActivity) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listening(): number {
    return this.#listeners.size;
  }

  /** A channel that begins. */
  begin(row: ChannelRow): void {
    this.legs = [...this.legs, row];
    for (const tell of this.#listeners)
      tell({ kind: 'created', direction: 'inbound', address: '10.0.1.5', furtherLeg: false });
  }

  channels(): Promise<Known<readonly ChannelRow[]>> {
    return Promise.resolve(known(this.legs));
  }

  liveCalls(): Promise<Known<LiveCalls>> {
    this.judged += 1;
    return Promise.resolve(
      known({ channels: this.legs, ghosts: 0, sessions: this.legs.length + this.unlisted }),
    );
  }

  channelExists(uuid: string): Promise<boolean> {
    return Promise.resolve(this.legs.some((leg) => leg.uuid === uuid));
  }

  hangUp(uuid: string, cause: string): Promise<void> {
    this.kills.push(`${uuid} ${cause}`);
    try {
      if (this.onKill(uuid)) this.legs = this.legs.filter((leg) => leg.uuid !== uuid);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    return Promise.resolve();
  }
}

export function leg(uuid: string, changes: Partial<ChannelRow> = {}): ChannelRow {
  return {
    uuid,
    direction: 'inbound',
    createdEpoch: Number(/\d+/.exec(uuid)?.[0] ?? 0),
    name: `sofia/external/${uuid}`,
    callerNumber: '441234567',
    destination: '1000',
    initialDestination: '1000',
    application: 'park',
    networkAddress: '10.0.1.5',
    callUuid: '',
    state: 'CS_EXECUTE',
    ...changes,
  };
}

export function calls(number: number): readonly ChannelRow[] {
  return Array.from({ length: number }, (_, index) => leg(`c${index + 1}`));
}
