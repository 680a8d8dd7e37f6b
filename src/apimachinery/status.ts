// The API Status object (meta/v1 Status), the one error of the API, and the constructors and predicates for each reason.
// Texts, codes and details are those of a real API server (k8s.io/apimachinery api/errors).
import { formatFieldErrors, type FieldError } from './field-errors.ts';
import { formatGroupResource, type GroupResource } from './group-version.ts';
import type { ListMeta } from './meta.ts';

/** One detail of a failure; `field` is a path for validation errors. */
export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}
/** What the failure is about. `kind` holds the resource name for most errors and the kind for Invalid, as in Kubernetes. */
export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}
/** The machine-readable reasons. */
export type StatusReason =
  | ''
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Expired'
  | 'Invalid'
  | 'ServerTimeout'
  | 'Timeout'
  | 'TooManyRequests'
  | 'BadRequest'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'RequestEntityTooLarge'
  | 'UnsupportedMediaType'
  | 'InternalError'
  | 'ServiceUnavailable'
  | 'StorageReadError';

/** The Status object as it stands in the body of an answer (fields in the order a real server writes them). */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: ListMeta;
  status?: 'Success' | 'Failure';
  message?: string;
  reason?: StatusReason;
  details?: StatusDetails;
  code?: number;
}

/** The one error thrown for API failures; crosses threads as its `status` data. */
export class StatusError extends Error {
  readonly status: Status;
  constructor(status: Status) {
    super(status.message ?? '');
    this.name = 'StatusError';
    this.status = status;
  }
}

/** A failure Status made by hand, for texts that no constructor below covers. `reason` '' is left out, as Kubernetes does. */
export function failure(code: number, reason: StatusReason, message: string, details?: StatusDetails): StatusError {
  const status: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message };
  if (reason) status.reason = reason;
  if (details) status.details = details;
  status.code = code;
  return new StatusError(status);
}

/** The Success Status of a completed delete. `kind` is the resource's plural. */
export function successStatus(details?: StatusDetails): Status {
  const status: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' };
  if (details) status.details = details;
  return status;
}

function detailsOf(resource: GroupResource, name: string): StatusDetails {
  const details: StatusDetails = {};
  if (name) details.name = name;
  if (resource.group) details.group = resource.group;
  if (resource.resource) details.kind = resource.resource;
  return details;
}
const about = (resource: GroupResource, name: string): string => `${formatGroupResource(resource)} "${name}"`;

/** 404: 'pods "x" not found'. */
export function notFound(resource: GroupResource, name: string): StatusError {
  return failure(404, 'NotFound', `${about(resource, name)} not found`, detailsOf(resource, name));
}
/** 404 for a path no resource is served at: "the server could not find the requested resource". */
export function resourceNotServed(): StatusError {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {});
}
/** 409: 'pods "x" already exists'. */
export function alreadyExists(resource: GroupResource, name: string): StatusError {
  return failure(409, 'AlreadyExists', `${about(resource, name)} already exists`, detailsOf(resource, name));
}
/** 409 for a generated name that was taken after all tries. */
export function generateNameConflict(resource: GroupResource, name: string, retryAfterSeconds: number): StatusError {
  const message = `${about(resource, name)} already exists, the server was not able to generate a unique name for the object`;
  return failure(409, 'AlreadyExists', message, { ...detailsOf(resource, name), retryAfterSeconds });
}
/** The text of an optimistic-lock failure. */
export const optimisticLockMessage = 'the object has been modified; please apply your changes to the latest version and try again';
/** 409: 'Operation cannot be fulfilled on pods "x": detail'; without detail the optimistic-lock text. */
export function conflict(resource: GroupResource, name: string, detail = optimisticLockMessage): StatusError {
  return failure(409, 'Conflict', `Operation cannot be fulfilled on ${about(resource, name)}: ${detail}`, detailsOf(resource, name));
}
/** 409 of a server-side apply; causes carry the fields. */
export function applyConflict(causes: StatusCause[], message: string): StatusError {
  return failure(409, 'Conflict', message, { causes });
}
/** 422: 'Pod "x" is invalid: …'. The kind is given with its group ({group: 'apps', kind: 'Deployment'}). */
export function invalidObject(kind: { group: string; kind: string }, name: string, errors: readonly FieldError[]): StatusError {
  const causes: StatusCause[] = errors.map((error) => ({ reason: error.reason, message: error.message, field: error.field }));
  const details: StatusDetails = {};
  if (name) details.name = name;
  if (kind.group) details.group = kind.group;
  if (kind.kind) details.kind = kind.kind;
  if (causes.length) details.causes = causes;
  const type = kind.group ? `${kind.kind}.${kind.group}` : kind.kind;
  const message = errors.length ? `${type} "${name}" is invalid: ${formatFieldErrors(errors)}` : `${type} "${name}" is invalid`;
  return failure(422, 'Invalid', message, details);
}
/** 403: 'pods "x" is forbidden: detail', or 'pods is forbidden: …' without a name, or 'forbidden: …' without resource. */
export function forbidden(resource: GroupResource, name: string, detail: string): StatusError {
  let message = `${about(resource, name)} is forbidden: ${detail}`;
  if (!name) message = resource.resource ? `${formatGroupResource(resource)} is forbidden: ${detail}` : `forbidden: ${detail}`;
  return failure(403, 'Forbidden', message, detailsOf(resource, name));
}
/** 400 with the text as it is. */
export function badRequest(message: string): StatusError {
  return failure(400, 'BadRequest', message);
}
/** 401: "Unauthorized" unless told otherwise. */
export function unauthorized(message = 'Unauthorized'): StatusError {
  return failure(401, 'Unauthorized', message);
}
/** 405 of a path that exists but not with this method. */
export function methodNotSupported(resource?: GroupResource, action = ''): StatusError {
  if (!resource) return failure(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
  const message = `${action} is not supported on resources of kind "${formatGroupResource(resource)}"`;
  return failure(405, 'MethodNotAllowed', message, detailsOf(resource, ''));
}
/** 429 with a Retry-After. */
export function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  const details: StatusDetails = retryAfterSeconds > 0 ? { retryAfterSeconds } : {};
  return failure(429, 'TooManyRequests', message, details);
}
/** 504: "Timeout: detail". */
export function timeout(detail: string, retryAfterSeconds = 0): StatusError {
  const details: StatusDetails = retryAfterSeconds > 0 ? { retryAfterSeconds } : {};
  return failure(504, 'Timeout', `Timeout: ${detail}`, details);
}
/** 500: 'The list operation against pods could not be completed at this time, please try again.' */
export function serverTimeout(resource: GroupResource, operation: string, retryAfterSeconds = 0): StatusError {
  const details = detailsOf(resource, operation);
  if (retryAfterSeconds > 0) details.retryAfterSeconds = retryAfterSeconds;
  const message = `The ${operation} operation against ${formatGroupResource(resource)} could not be completed at this time, please try again.`;
  return failure(500, 'ServerTimeout', message, details);
}
/** 504 of a list or watch from a resource version the server has not reached. */
export function resourceVersionTooLarge(asked: string | number, current: string | number): StatusError {
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }];
  const message = `Timeout: Too large resource version: ${asked}, current: ${current}`;
  return failure(504, 'Timeout', message, { causes, retryAfterSeconds: 1 });
}
/** 410: the resource version or continue token is compacted away. */
export function expired(message = 'The resourceVersion for the provided list is too old.'): StatusError {
  return failure(410, 'Expired', message);
}
/** 410 with reason Gone. */
export function gone(message: string): StatusError {
  return failure(410, 'Gone', message);
}
/** 500: "Internal error occurred: detail". */
export function internalError(detail: string): StatusError {
  return failure(500, 'InternalError', `Internal error occurred: ${detail}`, { causes: [{ message: detail }] });
}
/** 415 with the text as it is. */
export function unsupportedMediaType(message = '415: Unsupported Media Type', details?: StatusDetails): StatusError {
  return failure(415, 'UnsupportedMediaType', message, details);
}
/** 406: which representations are available. */
export function notAcceptable(available: readonly string[]): StatusError {
  const message = `406: Not Acceptable\n\nAvailable representations: ${available.join(', ')}`;
  return failure(406, 'NotAcceptable', message, {});
}
/** 413: "Request entity too large: detail". */
export function requestEntityTooLarge(detail: string): StatusError {
  return failure(413, 'RequestEntityTooLarge', `Request entity too large: ${detail}`);
}
/** 503 with the text as it is. */
export function serviceUnavailable(message: string): StatusError {
  return failure(503, 'ServiceUnavailable', message);
}

/** The Status of anything thrown: that of a StatusError, else an InternalError with the error's text. */
export function statusOf(error: unknown): Status {
  if (error instanceof StatusError) return error.status;
  return internalError(error instanceof Error ? error.message : String(error)).status;
}
/** Whether a decoded body is a Status object. */
export function isStatus(value: unknown): value is Status {
  return typeof value === 'object' && value !== null && (value as Status).kind === 'Status' && (value as Status).apiVersion === 'v1';
}
/** The reason of a thrown error, '' for anything that is not an API error. */
export function reasonOf(error: unknown): StatusReason {
  return error instanceof StatusError ? (error.status.reason ?? '') : '';
}
/** 404 of any kind. */
export function isNotFound(error: unknown): boolean {
  return reasonOf(error) === 'NotFound';
}
/** 409 because the name is taken. */
export function isAlreadyExists(error: unknown): boolean {
  return reasonOf(error) === 'AlreadyExists';
}
/** 409 because the object changed meanwhile. */
export function isConflict(error: unknown): boolean {
  return reasonOf(error) === 'Conflict';
}
/** 422. */
export function isInvalid(error: unknown): boolean {
  return reasonOf(error) === 'Invalid';
}
/** 403. */
export function isForbidden(error: unknown): boolean {
  return reasonOf(error) === 'Forbidden';
}
/** 401. */
export function isUnauthorized(error: unknown): boolean {
  return reasonOf(error) === 'Unauthorized';
}
/** 400. */
export function isBadRequest(error: unknown): boolean {
  return reasonOf(error) === 'BadRequest';
}
/** 405. */
export function isMethodNotSupported(error: unknown): boolean {
  return reasonOf(error) === 'MethodNotAllowed';
}
/** 410 Expired or Gone: list again. */
export function isExpired(error: unknown): boolean {
  return reasonOf(error) === 'Expired' || reasonOf(error) === 'Gone';
}
/** 504 Timeout. */
export function isTimeout(error: unknown): boolean {
  return reasonOf(error) === 'Timeout';
}
/** 500 ServerTimeout: try again. */
export function isServerTimeout(error: unknown): boolean {
  return reasonOf(error) === 'ServerTimeout';
}
/** 429. */
export function isTooManyRequests(error: unknown): boolean {
  return reasonOf(error) === 'TooManyRequests';
}
/** 500 InternalError. */
export function isInternalError(error: unknown): boolean {
  return reasonOf(error) === 'InternalError';
}
/** 503. */
export function isServiceUnavailable(error: unknown): boolean {
  return reasonOf(error) === 'ServiceUnavailable';
}
/** 504 because the asked resource version is in the future. */
export function isResourceVersionTooLarge(error: unknown): boolean {
  return error instanceof StatusError && (error.status.details?.causes ?? []).some((cause) => cause.reason === 'ResourceVersionTooLarge');
}
