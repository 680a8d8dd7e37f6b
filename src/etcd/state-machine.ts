/**
 * Everything that is replicated: keys and their versions, leases, alarms, members. Applying is pure and deterministic: no clock, no
 * chance, no disk, so equal logs give equal states on all members. After etcd's applierV3 with its quota and alarm layers.
 */
import type { etcd } from '#contracts';
import { AuthStore } from './auth/auth-store.ts';
import { checkRequestPermitted } from './auth/request-permissions.ts';
import { etcdError } from './errors.ts';
import { Lessor } from './lease/lessor.ts';
import { Membership } from './membership.ts';
import { applyDeleteRange, applyLeaseRevoke, applyPut, applyTxn, type HeaderAt } from './mvcc/apply-kv.ts';
import { Store } from './mvcc/store.ts';
import { txnWrites } from './mvcc/txn-check.ts';
import type { StoreEvent } from './mvcc/version.ts';
import type { ChangeContext, LogRequest } from './requests.ts';

/** What became of an applied request: what its caller is told, and what watchers hear. */
export interface Applied {
  readonly response?: unknown;
  readonly error?: Error;
  readonly events: readonly StoreEvent[];
}

const NO_EVENTS: readonly StoreEvent[] = Object.freeze([]);

/** Whether etcd refuses a request while a NOSPACE alarm stands: everything that makes the database grow. */
function growsDatabase(request: LogRequest): boolean {
  return 'put' in request || 'leaseGrant' in request || ('txn' in request && txnWrites(request.txn));
}

export class StateMachine {
  readonly store: Store;
  readonly lessor: Lessor;
  readonly membership: Membership;
  readonly auth = new AuthStore();
  /** Standing alarms as `member id/alarm`, sorted when listed. */
  readonly #alarms = new Set<string>();

  constructor(store = new Store(), lessor = new Lessor(), membership = new Membership()) {
    this.store = store;
    this.lessor = lessor;
    this.membership = membership;
  }

  alarms(): etcd.AlarmMember[] {
    return [...this.#alarms].sort().map((entry) => {
      const [memberId, alarm] = entry.split('/') as [string, etcd.AlarmMember['alarm']];
      return { memberId, alarm };
    });
  }

  hasAlarm(alarm: etcd.AlarmMember['alarm']): boolean {
    // Asked for each request, and nearly always answered by this.
    if (this.#alarms.size === 0) return false;
    return this.alarms().some((standing) => standing.alarm === alarm);
  }

  setAlarm(memberId: string, alarm: etcd.AlarmMember['alarm'], isActive: boolean): void {
    if (isActive) this.#alarms.add(`${memberId}/${alarm}`);
    else this.#alarms.delete(`${memberId}/${alarm}`);
  }

  /** Applies a request. An error is the request's outcome, the same on every member; it changed nothing. */
  apply(request: LogRequest, headerAt: HeaderAt): Applied {
    if (this.hasAlarm('CORRUPT') && !('alarm' in request)) return { error: etcdError('corrupt'), events: NO_EVENTS };
    if (growsDatabase(request) && this.hasAlarm('NOSPACE')) return { error: etcdError('noSpace'), events: NO_EVENTS };
    this.store.beginWrite();
    let outcome: { response: unknown } | { error: Error };
    try {
      if (this.auth.isEnabled) checkRequestPermitted(this, request);
      outcome = { response: this.#execute(request, headerAt) };
    } catch (error) {
      // The named errors of a request are results; anything else is a fault of this member and must stop it.
      if (!(error instanceof Error) || error.name !== 'RpcError') throw error;
      outcome = { error };
    }
    return { ...outcome, events: this.store.endWrite() };
  }

  #execute(request: LogRequest, headerAt: HeaderAt): unknown {
    const space = { store: this.store, lessor: this.lessor };
    if ('put' in request) return applyPut(space, request.put, headerAt);
    if ('deleteRange' in request) return applyDeleteRange(space, request.deleteRange, headerAt);
    if ('txn' in request) return applyTxn(space, request.txn, headerAt);
    if ('compaction' in request) {
      this.store.compact(request.compaction.revision);
      return { header: headerAt(this.store.revision) };
    }
    if ('leaseGrant' in request) {
      const { id, ttl } = request.leaseGrant;
      this.lessor.grant(id, ttl);
      return { header: headerAt(this.store.revision), id, ttl };
    }
    if ('leaseRevoke' in request) {
      applyLeaseRevoke(space, request.leaseRevoke.id);
      return { header: headerAt(this.store.writeRevision) };
    }
    if ('alarm' in request) {
      const { memberId, alarm, action } = request.alarm;
      const wasActive = this.alarms().some((standing) => standing.memberId === memberId && standing.alarm === alarm);
      this.setAlarm(memberId, alarm, action === 'ACTIVATE');
      return { header: headerAt(this.store.revision), alarms: wasActive || action === 'ACTIVATE' ? [{ memberId, alarm }] : [] };
    }
    if ('auth' in request) {
      this.auth.apply(request.auth);
      return { header: headerAt(this.store.revision) };
    }
    const { id, name, clientUrls } = request.memberAttributes;
    this.membership.setAttributes(id, name, clientUrls);
    return { header: headerAt(this.store.revision) };
  }

  /** Checks a membership change against the members there are now; throws its error, which is the same on every member. */
  checkChange(change: ChangeContext): void {
    const { membership } = this;
    if (change.kind === 'add') return membership.checkAdd(change.member);
    const member = membership.checkExists(change.member.id);
    if (change.kind === 'promote' && !member.isLearner) throw etcdError('notLearner');
    if (change.kind === 'update' && membership.hasPeerUrl(change.member.peerUrls, member.id)) throw etcdError('peerUrlExists');
  }

  /** Applies a membership change that passed its check. */
  applyChange(change: ChangeContext): void {
    const { membership } = this;
    const { id } = change.member;
    const present = membership.get(id);
    if (change.kind === 'add') membership.put(change.member);
    else if (change.kind === 'promote' && present) membership.put({ ...present, isLearner: false });
    else if (change.kind === 'update' && present) membership.put({ ...present, peerUrls: change.member.peerUrls });
    else if (change.kind === 'remove') membership.remove(id);
  }
}
