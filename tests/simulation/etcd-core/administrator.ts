// Who looks after a simulated etcd cluster: adds, promotes, removes and replaces members while faults go on, disarms alarms, compacts,
// and in the end brings the cluster to where everybody who belongs to it runs.

import type { etcd } from '#contracts';
import type { Random } from '#host';
import type { Administrator as Changes } from './faults.ts';
import type { Cluster, Site } from './cluster.ts';
import { callMember } from './rpc.ts';

type Members = { readonly header: etcd.ResponseHeader; readonly members: readonly etcd.Member[]; readonly member?: etcd.Member };

const TIMEOUT_MS = 2_000;
const ATTEMPTS = 12;
const PAUSE_MS = 400;

export class Administrator implements Changes {
  /** Whether faults are still going on. */
  isOrdeal = true;
  readonly #cluster: Cluster;
  readonly #random: Random;
  /** Members that changes are being made to. */
  readonly #busy = new Set<Site>();
  /** Whether a member may have been added of whom nobody knows: until that is put in order nothing else is risked. */
  #isUncertain = false;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#random = cluster.world.random.fork('administrator');
  }

  get isBusy(): boolean {
    return this.#busy.size > 0 || this.#isUncertain;
  }

  add(site: Site, isLearner: boolean): void {
    if (site.isMember || this.isBusy || this.#isAnotherLost(site)) return;
    // The second voter of two is needed for everything, and if it never comes nothing can be undone.
    const isSafe = this.#cluster.sites.filter(({ isMember }) => isMember).length >= 3;
    this.#begin(site, () => this.#add(site, isLearner || !isSafe));
  }

  remove(site: Site): void {
    if (!site.isMember || this.#isAnotherLost(site)) return;
    this.#begin(site, () => this.#remove(site));
  }

  /** A second change while a member is lost may cost the quorum for good: no administrator does that. */
  #isAnotherLost(site: Site): boolean {
    return this.#cluster.sites.some((other) => other !== site && (other.isDamaged || other.isToBeDamaged));
  }

  #begin(site: Site, work: () => Promise<void>): void {
    if (this.#busy.has(site)) return;
    this.#busy.add(site);
    work().then(
      () => this.#busy.delete(site),
      (error: unknown) => this.#cluster.world.fail(error),
    );
  }

  pause(ms = PAUSE_MS): Promise<void> {
    return new Promise((resolve) => this.#cluster.world.after(ms, resolve));
  }

  /** Asks any member that serves; undefined where that failed, whatever it did. */
  async #ask<Response>(method: string, request: unknown): Promise<Response | undefined> {
    const serving = this.#cluster.sites.filter(({ life }) => life?.client);
    const site = serving[this.#random.below(serving.length)];
    if (!site) return undefined;
    try {
      return await callMember<Response>(this.#cluster, 'administrator', site.name, 'client', method, request, TIMEOUT_MS);
    } catch (error) {
      const { marks } = this.#cluster.world;
      if (error instanceof Error && /re-configuration|unhealthy|in sync|too many learner/.test(error.message))
        marks['membership change refused']++;
      return undefined;
    }
  }

  async #members(): Promise<readonly etcd.Member[] | undefined> {
    return (await this.#ask<Members>('Cluster/MemberList', { linearizable: true }))?.members;
  }

  async #add(site: Site, isLearner: boolean): Promise<void> {
    const { marks } = this.#cluster.world;
    const answer = await this.#ask<Members>('Cluster/MemberAdd', { peerUrls: [site.url], isLearner });
    // Whether it was added may be unknown: then it is there under an id that nobody uses, and is removed in the end.
    if (!answer?.member) return void (this.#isUncertain = true);
    marks[isLearner ? 'member added as a learner' : 'member added as a voter']++;
    if (this.isOrdeal) marks['membership changed during faults']++;
    site.disk.wipe();
    site.joining = { memberId: answer.member.id, clusterId: answer.header.clusterId, members: answer.members };
    site.isMember = true;
    site.isDamaged = false;
    this.#cluster.start(site);
    for (let attempt = 0; isLearner && attempt < ATTEMPTS; attempt++) {
      await this.pause();
      if (!(await this.#ask('Cluster/MemberPromote', { id: answer.member.id }))) continue;
      marks['learner promoted']++;
      return;
    }
  }

  async #remove(site: Site): Promise<void> {
    const { marks } = this.#cluster.world;
    const wasDamaged = site.isDamaged;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const members = await this.#members();
      const member = members?.find(({ peerUrls }) => peerUrls.includes(site.url));
      // The last of two may not have heard that the other was removed, and could then never lead: no administrator goes below two.
      if (member && members && members.length <= 2) return;
      if (members && !member) break;
      if (member && (await this.#ask('Cluster/MemberRemove', { id: member.id }))) {
        marks['member removed']++;
        if (this.isOrdeal) marks['membership changed during faults']++;
        break;
      }
      if (attempt === ATTEMPTS - 1 || (!wasDamaged && attempt > 1)) return;
      await this.pause();
    }
    site.isMember = false;
    // Long enough for it to hear that it was removed, if it can.
    await this.pause(1_500);
    if (site.life) this.#cluster.crash(site);
    site.disk.wipe();
    site.isDamaged = false;
    if (!wasDamaged) return;
    await this.#add(site, true);
    if (site.isMember) marks['dead member replaced']++;
  }

  /** One look: gives way to alarms and forgets old revisions now and then. */
  async tend(isCompacting: boolean): Promise<void> {
    const { marks } = this.#cluster.world;
    const leader = this.#cluster.leader()?.member;
    if (!leader) return;
    const { store } = leader.state;
    const isAlarmed = leader.state.hasAlarm('NOSPACE');
    if (isAlarmed) marks['quota reached: NOSPACE alarm']++;
    if (isCompacting || isAlarmed) {
      const revision = Math.max(1, store.revision - (isAlarmed ? 0 : this.#random.below(25)));
      if (await this.#ask('KV/Compact', { revision })) marks['history compacted']++;
    }
    if (!isAlarmed) return;
    for (const site of this.#cluster.sites) {
      const before = site.life?.member?.state.store.size ?? 0;
      if (!site.life?.client) continue;
      await callMember(this.#cluster, 'administrator', site.name, 'client', 'Maintenance/Defragment', {}, TIMEOUT_MS).catch(
        (error: unknown) => error,
      );
      if ((site.life?.member?.state.store.size ?? before) < before) marks['database size fell by defragmentation']++;
    }
    if (await this.#ask('Maintenance/Alarm', { action: 'DEACTIVATE', alarm: 'NOSPACE' })) marks['alarm disarmed']++;
  }

  /** Removes members that nobody runs, promotes learners, takes down who is no member; whether there was nothing left to do. */
  async putInOrder(): Promise<boolean> {
    const members = await this.#members();
    if (!members || this.#busy.size > 0) return false;
    let isDone = true;
    for (const site of this.#cluster.sites.filter(({ isDamaged }) => isDamaged)) {
      isDone = false;
      this.remove(site);
    }
    if (!isDone) return false;
    for (const { id, peerUrls, isLearner } of members) {
      const site = this.#cluster.siteOfUrl(peerUrls[0]!);
      const own = site?.life?.member?.settings.memberId;
      if (site && own === id) {
        if (!isLearner) continue;
        isDone = false;
        if (await this.#ask('Cluster/MemberPromote', { id })) this.#cluster.world.marks['learner promoted']++;
      } else if (!site?.isMember || own !== undefined || (site.joining && site.joining.memberId !== id)) {
        // Under this id nobody will ever come.
        isDone = false;
        await this.#ask('Cluster/MemberRemove', { id });
      } else {
        isDone = false;
      }
    }
    if (isDone) this.#isUncertain = false;
    return isDone;
  }
}
