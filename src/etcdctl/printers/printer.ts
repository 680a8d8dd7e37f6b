/** What etcdctl can print: one method for each kind of answer; each format gives the text for standard output. */
import type { etcd } from '#contracts';

type Header = { readonly header: etcd.ResponseHeader };

/** Status of one endpoint. */
export interface EndpointStatus {
  readonly endpoint: string;
  readonly status: etcd.StatusResponse;
}
/** Health of one endpoint; `error` is empty for a healthy one. */
export interface EndpointHealth {
  readonly endpoint: string;
  readonly isHealthy: boolean;
  readonly took: string;
  readonly error: string;
}
/** Hash of one endpoint's store. */
export interface EndpointHash {
  readonly endpoint: string;
  readonly hash: etcd.HashKvResponse;
}
/** A snapshot file as `snapshot status` shows it. */
export interface DatabaseStatus {
  readonly hash: number;
  readonly revision: number;
  readonly totalKeys: number;
  readonly totalSize: number;
}

/** A field of an answer of the Auth service. */
export type AuthField = boolean | number | readonly string[] | readonly etcd.Permission[];

/** One output format. Undefined: the format cannot show it. */
export interface Printer {
  readonly format: 'simple' | 'json' | 'fields' | 'table';
  get(answer: etcd.RangeResponse, isValueOnly?: boolean): string;
  put(answer: etcd.PutResponse): string;
  del(answer: etcd.DeleteRangeResponse): string;
  txn(answer: etcd.TxnResponse): string;
  watch(answer: etcd.WatchResponse): string;
  grant(answer: etcd.LeaseGrantResponse): string;
  revoke(id: string, answer: Header): string;
  keepAlive(answer: etcd.LeaseKeepAliveResponse): string;
  timeToLive(answer: etcd.LeaseTimeToLiveResponse, withKeys: boolean): string;
  leases(answer: Header & { readonly leases: readonly { readonly id: string }[] }): string;
  memberAdd(answer: etcd.MemberListResponse & { readonly member: etcd.Member }): string;
  memberRemove(id: string, answer: etcd.MemberListResponse): string;
  memberUpdate(id: string, answer: etcd.MemberListResponse): string;
  memberPromote(id: string, answer: etcd.MemberListResponse): string;
  memberList(answer: etcd.MemberListResponse): string;
  endpointStatus(list: readonly EndpointStatus[]): string;
  endpointHealth(list: readonly EndpointHealth[]): string;
  endpointHash(list: readonly EndpointHash[]): string;
  alarm(answer: Header & { readonly alarms: readonly etcd.AlarmMember[] }): string;
  databaseStatus(status: DatabaseStatus): string;
  moveLeader(from: string, to: string): string;
  /** Answers of auth, user and role: the sentence for `simple`, the fields beside the header for `json`. */
  auth(answer: Header, text: string, more: Readonly<Record<string, AuthField>>): string;
}

/** An id as the decimal number that JSON and fields show. */
export const decimal = (id: string): bigint => BigInt(`0x${id}`);

/** Bytes as humanize.Bytes writes them: 25 kB, 1.2 MB. */
export function humanBytes(bytes: number): string {
  if (bytes < 10) return `${bytes} B`;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const exponent = Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3 + 1e-9));
  const value = Math.floor((bytes / 1000 ** exponent) * 10 + 0.5) / 10;
  if (value < 10) return `${value.toFixed(1)} ${units[exponent]!}`;
  // Go's %.0f rounds a half to the even number.
  const whole = value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value);
  return `${whole} ${units[exponent]!}`;
}
