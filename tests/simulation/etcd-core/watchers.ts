// Watches of everything, one through each member, taken up again after the last revision whenever they break.

import type { etcd } from '#contracts';
import type { WatchEvent, WatchResponse } from '../watch-guarantees.ts';
import type { Cluster, Site } from './cluster.ts';
import { openStream } from './rpc.ts';

/** What one watch delivered, from one start to the next that was not simply the revision after. */
export interface WatchPart {
  readonly startRevision: number;
  readonly responses: WatchResponse[];
}

const RETRY_MS = 200;

/** An event as the checker of watches wants it. */
export const watchEventOf = ({ type, kv }: { readonly type: 'PUT' | 'DELETE'; readonly kv: etcd.KeyValue }): WatchEvent => ({
  rev: kv.modRevision,
  type: type === 'PUT' ? 'put' : 'delete',
  key: kv.key,
  ...(type === 'PUT' ? { value: kv.value, create: kv.version === 1 } : {}),
});

export class Watcher {
  readonly parts: WatchPart[] = [{ startRevision: 1, responses: [] }];
  #next = 1;
  #isOn = true;

  constructor(
    private readonly cluster: Cluster,
    private readonly site: Site,
  ) {}

  /** Up to which revision everything was delivered. */
  get revision(): number {
    return this.#next - 1;
  }
  stop(): void {
    this.#isOn = false;
  }

  async run(): Promise<void> {
    const { marks } = this.cluster.world;
    for (let times = 0; this.#isOn; times++) {
      if ((await this.#follow()) && times > 0) marks['watch resumed after a break']++;
      await new Promise<void>((resolve) => this.cluster.world.after(RETRY_MS, resolve));
    }
  }

  async #follow(): Promise<boolean> {
    const { marks } = this.cluster.world;
    const name = `watcher-${this.site.name}`;
    const stream = openStream<etcd.WatchResponse, etcd.WatchRequest>(this.cluster, name, this.site.name, 'Watch/Watch');
    if (!stream) return false;
    stream.onMessage((response) => {
      if (!this.#isOn) stream.close();
      if (response.compactRevision !== undefined && response.canceled) {
        marks['watch cancelled by compaction']++;
        this.#next = response.compactRevision;
        this.parts.push({ startRevision: this.#next, responses: [] });
        return stream.close();
      }
      const { responses } = this.parts.at(-1)!;
      if (response.events.length > 0) {
        responses.push({ events: response.events.map(watchEventOf) });
        this.#next = response.events.at(-1)!.kv.modRevision + 1;
      } else if (response.created !== true && response.canceled !== true) {
        marks['watch progress mark']++;
        responses.push({ progress: response.header.revision });
      }
    });
    stream.send({ create: { key: '\0', rangeEnd: '\0', startRevision: this.#next, progressNotify: true } });
    await stream.over;
    return true;
  }
}
