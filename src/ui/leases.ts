/** Leases as the map and the inspector read them: who holds one, and how long it lasts if it is not renewed again. Pure. */
import type { KubeObject } from './state/objects.ts';

/** A Lease as far as it is shown. */
export interface LeaseObject extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** A held lease at one instant. */
export interface LeaseView {
  readonly holder: string;
  /** Of a leader election's identity (`control-plane-1_uuid`) the machine, else the holder itself. */
  readonly machine: string;
  readonly ageMs: number;
  /** Until it runs out; 0 once it has. */
  readonly leftMs: number;
  readonly durationMs: number;
}

/** Namespaces of the two kinds of leases that are shown. */
const ELECTIONS = 'kube-system';
const NODES = 'kube-node-lease';

function viewOf(lease: LeaseObject | undefined, nowMs: number): LeaseView | undefined {
  const { holderIdentity: holder = '', leaseDurationSeconds = 0, renewTime } = lease?.spec ?? {};
  if (holder === '' || renewTime === undefined) return undefined;
  const durationMs = leaseDurationSeconds * 1_000;
  const ageMs = Math.max(0, nowMs - Date.parse(renewTime));
  return { holder, machine: holder.split('_')[0] ?? holder, ageMs, leftMs: Math.max(0, durationMs - ageMs), durationMs };
}

/** The lease that a component's instances elect their active one by (`kube-scheduler`, `kube-controller-manager`). */
export function electionLease(leases: ReadonlyMap<string, LeaseObject>, component: string, nowMs: number): LeaseView | undefined {
  return viewOf(leases.get(`${ELECTIONS}/${component}`), nowMs);
}

/** The lease by which a kubelet says that its node lives. */
export function nodeLease(leases: ReadonlyMap<string, LeaseObject>, node: string, nowMs: number): LeaseView | undefined {
  return viewOf(leases.get(`${NODES}/${node}`), nowMs);
}

/** `renewed 4 s ago, runs out in 36 s unless renewed`. */
export function leaseSentence({ ageMs, leftMs }: LeaseView): string {
  const renewed = `renewed ${Math.floor(ageMs / 1_000)} s ago`;
  return leftMs > 0 ? `${renewed}, runs out in ${Math.ceil(leftMs / 1_000)} s unless renewed` : `${renewed}, it has run out`;
}
