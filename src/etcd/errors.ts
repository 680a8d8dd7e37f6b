/**
 * etcd's errors as its client port says them: gRPC code and text, word for word those of etcd 3.5 (api/v3rpc/rpctypes).
 * Errors are plain values made on demand; nothing here is thrown at import time.
 */
import { RpcError, type RpcCode } from '#host';

const ERRORS = {
  emptyKey: ['InvalidArgument', 'etcdserver: key is not provided'],
  keyNotFound: ['InvalidArgument', 'etcdserver: key not found'],
  valueProvided: ['InvalidArgument', 'etcdserver: value is provided'],
  leaseProvided: ['InvalidArgument', 'etcdserver: lease is provided'],
  tooManyOps: ['InvalidArgument', 'etcdserver: too many operations in txn request'],
  duplicateKey: ['InvalidArgument', 'etcdserver: duplicate key given in txn request'],
  invalidSortOption: ['InvalidArgument', 'etcdserver: invalid sort option'],
  compacted: ['OutOfRange', 'etcdserver: mvcc: required revision has been compacted'],
  futureRevision: ['OutOfRange', 'etcdserver: mvcc: required revision is a future revision'],
  noSpace: ['ResourceExhausted', 'etcdserver: mvcc: database space exceeded'],
  leaseNotFound: ['NotFound', 'etcdserver: requested lease not found'],
  leaseExists: ['FailedPrecondition', 'etcdserver: lease already exists'],
  leaseTtlTooLarge: ['OutOfRange', 'etcdserver: too large lease TTL'],
  memberExists: ['FailedPrecondition', 'etcdserver: member ID already exist'],
  peerUrlExists: ['FailedPrecondition', 'etcdserver: Peer URLs already exists'],
  notEnoughStarted: ['FailedPrecondition', 'etcdserver: re-configuration failed due to not enough started members'],
  badPeerUrls: ['InvalidArgument', 'etcdserver: given member URLs are invalid'],
  memberNotFound: ['NotFound', 'etcdserver: member not found'],
  notLearner: ['FailedPrecondition', 'etcdserver: can only promote a learner member'],
  learnerNotReady: ['FailedPrecondition', 'etcdserver: can only promote a learner member which is in sync with leader'],
  tooManyLearners: ['FailedPrecondition', 'etcdserver: too many learner members in cluster'],
  requestTooLarge: ['InvalidArgument', 'etcdserver: request is too large'],
  tooManyRequests: ['ResourceExhausted', 'etcdserver: too many requests'],
  noLeader: ['Unavailable', 'etcdserver: no leader'],
  notLeader: ['FailedPrecondition', 'etcdserver: not leader'],
  leaderChanged: ['Unavailable', 'etcdserver: leader changed'],
  stopped: ['Unavailable', 'etcdserver: server stopped'],
  timeout: ['Unavailable', 'etcdserver: request timed out'],
  timeoutLeaderFail: ['Unavailable', 'etcdserver: request timed out, possibly due to previous leader failure'],
  timeoutConnectionLost: ['Unavailable', 'etcdserver: request timed out, possibly due to connection lost'],
  unhealthy: ['Unavailable', 'etcdserver: unhealthy cluster'],
  corrupt: ['DataLoss', 'etcdserver: corrupt cluster'],
  badLeaderTransferee: ['FailedPrecondition', 'etcdserver: bad leader transferee'],
  timeoutLeaderTransfer: ['Unavailable', 'etcdserver: request timed out, leader transfer took too long'],
  rootUserNotExist: ['FailedPrecondition', 'etcdserver: root user does not exist'],
  rootRoleNotExist: ['FailedPrecondition', 'etcdserver: root user does not have root role'],
  userAlreadyExist: ['FailedPrecondition', 'etcdserver: user name already exists'],
  userEmpty: ['InvalidArgument', 'etcdserver: user name is empty'],
  userNotFound: ['FailedPrecondition', 'etcdserver: user name not found'],
  roleAlreadyExist: ['FailedPrecondition', 'etcdserver: role name already exists'],
  roleNotFound: ['FailedPrecondition', 'etcdserver: role name not found'],
  roleEmpty: ['InvalidArgument', 'etcdserver: role name is empty'],
  authFailed: ['InvalidArgument', 'etcdserver: authentication failed, invalid user ID or password'],
  permissionNotGiven: ['InvalidArgument', 'etcdserver: permission not given'],
  permissionDenied: ['PermissionDenied', 'etcdserver: permission denied'],
  roleNotGranted: ['FailedPrecondition', 'etcdserver: role is not granted to the user'],
  permissionNotGranted: ['FailedPrecondition', 'etcdserver: permission is not granted to the role'],
  authNotEnabled: ['FailedPrecondition', 'etcdserver: authentication is not enabled'],
  invalidAuthToken: ['Unauthenticated', 'etcdserver: invalid auth token'],
  invalidAuthMgmt: ['InvalidArgument', 'etcdserver: invalid auth management'],
  authOldRevision: ['InvalidArgument', 'etcdserver: revision of auth store is old'],
  notSupportedForLearner: ['FailedPrecondition', 'etcdserver: rpc not supported for learner'],
  clusterIdMismatch: ['FailedPrecondition', 'etcdserver: cluster ID mismatch'],
  memberRemoved: ['FailedPrecondition', 'the member has been permanently removed from the cluster'],
} as const satisfies Record<string, readonly [RpcCode, string]>;

/** The names of etcd's errors in this code. */
export type EtcdErrorName = keyof typeof ERRORS;

/** The error of that name, ready to be thrown or sent. */
export function etcdError(name: EtcdErrorName): RpcError {
  const [code, text] = ERRORS[name];
  return new RpcError(code, text);
}

/** Whether `error` is the etcd error of that name, however it got here. */
export function isEtcdError(error: unknown, name: EtcdErrorName): boolean {
  return error instanceof Error && error.message === ERRORS[name][1];
}
