/** Answers to questions about users and rights: who am I, may I, may they, what may I, whose token is this. */
import { kindByGroupKind, type Kind } from '#api';
import { badRequest, formatTime, invalid, invalidObject, methodNotSupported, required, type FieldError } from '#apimachinery';
import { userOfToken } from '../chain/1-authentication.ts';
import { decodeBody, readWriteOptions } from '../chain/4-validation.ts';
import type { Attributes } from '../authorization/attributes.ts';
import type { Core, Exchange, ObjectReply, User } from '../core.ts';
import { fieldWriteOf, recordManagedFields } from '../registry/write-context.ts';
import { serveBinding } from '../subresources/binding.ts';
import { rulesReview } from './rules-review.ts';

interface ResourceAttributes {
  namespace?: string;
  verb?: string;
  group?: string;
  version?: string;
  resource?: string;
  subresource?: string;
  name?: string;
}
interface AccessSpec {
  resourceAttributes?: ResourceAttributes;
  nonResourceAttributes?: { path?: string; verb?: string };
  user?: string;
  uid?: string;
  groups?: string[];
  extra?: Record<string, string[]>;
}
interface Review {
  kind: string;
  apiVersion: string;
  metadata: Record<string, unknown>;
  spec?: unknown;
  status?: unknown;
}

function userInfo(user: User): object {
  const { name, uid, groups, extra } = user;
  return {
    username: name,
    ...(uid ? { uid } : {}),
    ...(groups.length ? { groups } : {}),
    ...(extra && Object.keys(extra).length ? { extra } : {}),
  };
}

function questionOf(spec: AccessSpec, user: User): Attributes {
  const { resourceAttributes, nonResourceAttributes } = spec;
  const empty = { namespace: '', group: '', version: '', resource: '', subresource: '', name: '', path: '' };
  if (nonResourceAttributes)
    return { ...empty, user, isResource: false, verb: nonResourceAttributes.verb ?? '', path: nonResourceAttributes.path ?? '' };
  const { namespace = '', verb = '', group = '', version = '', resource = '', subresource = '', name = '' } = resourceAttributes ?? {};
  return { ...empty, user, isResource: true, namespace, verb, group, version, resource, subresource, name };
}

function checkAccessSpec(kind: Kind, spec: AccessSpec, isSelf: boolean, namespace: string): void {
  const errors: FieldError[] = [];
  if (spec.resourceAttributes && spec.nonResourceAttributes) {
    errors.push(
      invalid('spec.nonResourceAttributes', spec.nonResourceAttributes, 'cannot be specified in combination with resourceAttributes'),
    );
  }
  if (!spec.resourceAttributes && !spec.nonResourceAttributes) {
    errors.push(
      invalid(
        'spec.resourceAttributes',
        spec.resourceAttributes ?? null,
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    );
  }
  if (!isSelf && !spec.user && !spec.groups?.length)
    errors.push(invalid('spec.user', '', 'at least one of user or group must be specified'));
  if (errors.length > 0) throw invalidObject(kind, '', errors);
  if (kind.kind === 'LocalSubjectAccessReview' && spec.resourceAttributes?.namespace !== namespace) {
    throw badRequest('spec.resourceAttributes.namespace must match namespace');
  }
}

function accessReview(core: Core, exchange: Exchange, kind: Kind, review: Review): Review {
  const spec = (review.spec ?? {}) as AccessSpec;
  const isSelf = kind.kind === 'SelfSubjectAccessReview';
  checkAccessSpec(kind, spec, isSelf, exchange.info.namespace);
  const other: User = {
    name: spec.user ?? '',
    groups: spec.groups ?? [],
    ...(spec.uid ? { uid: spec.uid } : {}),
    ...(spec.extra ? { extra: spec.extra } : {}),
  };
  const { allowed, reason } = core.authorizer.authorize(questionOf(spec, isSelf ? exchange.user : other));
  review.status = { allowed, ...(reason ? { reason } : {}) };
  return review;
}

function tokenReview(core: Core, exchange: Exchange, kind: Kind, review: Review): Review {
  const spec = (review.spec ?? {}) as { token?: string; audiences?: string[] };
  if (!spec.token) throw invalidObject(kind, '', [required('spec.token', '')]);
  const found = userOfToken(core, spec.token, spec.audiences?.length ? spec.audiences : core.config.audiences, exchange.nowMs);
  if (!found) review.status = { user: {}, error: 'invalid bearer token' };
  else {
    const user = found.user.groups.includes('system:authenticated')
      ? found.user
      : { ...found.user, groups: [...found.user.groups, 'system:authenticated'] };
    review.status = { authenticated: true, user: userInfo(user), audiences: found.audiences };
  }
  return review;
}

function answerReview(core: Core, exchange: Exchange, kind: Kind, review: Review): Review {
  switch (kind.kind) {
    case 'SelfSubjectReview':
      return {
        kind: review.kind,
        apiVersion: review.apiVersion,
        metadata: { creationTimestamp: formatTime(exchange.nowMs) },
        status: { userInfo: userInfo(exchange.user) },
      };
    case 'TokenReview':
      return tokenReview(core, exchange, kind, review);
    case 'SelfSubjectRulesReview':
      return rulesReview(core, exchange, review);
    case 'SelfSubjectAccessReview':
    case 'SubjectAccessReview':
    case 'LocalSubjectAccessReview':
      return accessReview(core, exchange, kind, review);
    default:
      throw methodNotSupported();
  }
}

/** Serves POST of a question, or of a Binding on its own path. Throws StatusError. */
export async function serveReview(core: Core, exchange: Exchange, kind: Kind): Promise<ObjectReply> {
  if (kind.kind === 'Binding') return serveBinding(core, exchange, kindByGroupKind('', 'Pod')!);
  const options = readWriteOptions(exchange, 'CreateOptions');
  const body = await decodeBody(exchange, kind, options.fieldValidation);
  if (kind.kind !== 'SelfSubjectRulesReview' && kind.kind !== 'SelfSubjectReview') {
    recordManagedFields(
      kind,
      undefined,
      body,
      fieldWriteOf(kind, undefined, { ...options, user: exchange.user, nowMs: exchange.nowMs, warnings: exchange.warnings }),
    );
  }
  const { kind: name, apiVersion, metadata, ...rest } = body as unknown as Review;
  // Questions are never stored: their creationTimestamp stays null, as a real server prints it.
  const shown = {
    creationTimestamp: null,
    ...(metadata['name'] ? { name: metadata['name'] } : {}),
    ...(metadata['managedFields'] ? { managedFields: metadata['managedFields'] } : {}),
  };
  return { status: 201, object: answerReview(core, exchange, kind, { kind: name, apiVersion, metadata: shown, ...rest }) };
}
