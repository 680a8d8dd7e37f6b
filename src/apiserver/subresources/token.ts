/** serviceaccounts/token (TokenRequest): signs a token for a service account, bound to a pod, secret or node if asked. */
import { kindByGroupKind, storageKey, type Kind, type Pod } from '#api';
import { badRequest, conflict, formatTime, invalid, invalidObject, notFound, type KubeObject } from '#apimachinery';
import { randomUid } from '#host';
import type { AdmissionAttributes } from '../admission/plugin.ts';
import { signToken, type BoundReference, type ServiceAccountClaims } from '../authentication/service-account-token.ts';
import { admitMutating } from '../chain/3-mutating-admission.ts';
import { admitValidating } from '../chain/5-validating-admission.ts';
import { decodeBody, readWriteOptions } from '../chain/4-validation.ts';
import type { Core, Exchange, ObjectReply } from '../core.ts';
import { fieldWriteOf, recordManagedFields } from '../registry/write-context.ts';
import { question } from '../reviews/kinds.ts';

const tokenRequestKind = question('authentication.k8s.io', 'TokenRequest', 'Namespaced');
const EXPIRATION_MIN_SECONDS = 600;
const EXPIRATION_DEFAULT_SECONDS = 3600;
/** Projected volumes ask for exactly this; such tokens live a year for clients that never reload, and warn after it. */
const EXTENDED_FOR_SECONDS = 3607;
const EXTENDED_SECONDS = 365 * 24 * 3600;

interface BoundObjectRef {
  kind?: string;
  apiVersion?: string;
  name?: string;
  uid?: string;
}
type TokenRequest = KubeObject & {
  spec: { audiences?: string[]; expirationSeconds?: number; boundObjectRef?: BoundObjectRef | null };
  status?: object;
};

async function readStored(core: Core, kindName: string, namespace: string, name: string): Promise<KubeObject | undefined> {
  const kind = kindByGroupKind('', kindName);
  return kind && (await core.store.get(kind, storageKey(kind, name, namespace)))?.object;
}

function checkUid(object: KubeObject, reference: BoundObjectRef): BoundReference {
  const { name, uid = '' } = object.metadata;
  if (reference.uid && reference.uid !== uid) {
    const detail = `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict({ group: '', resource: `${(reference.kind ?? '').toLowerCase()}s` }, name, detail);
  }
  return { name, uid };
}

/** What the token is bound to beside its service account. */
async function boundTo(
  core: Core,
  namespace: string,
  account: string,
  reference: BoundObjectRef | null | undefined,
): Promise<Pick<ServiceAccountClaims['kubernetes.io'], 'pod' | 'secret' | 'node'>> {
  if (!reference) return {};
  const { kind = '', name = '' } = reference;
  if (!['Pod', 'Secret', 'Node'].includes(kind))
    throw badRequest(
      `cannot bind token for serviceaccount "${account}" to type ${reference.apiVersion ?? 'v1'}, Kind=${kind}: unsupported kind`,
    );
  const object = await readStored(core, kind, kind === 'Node' ? '' : namespace, name);
  if (!object) throw notFound({ group: '', resource: `${kind.toLowerCase()}s` }, name);
  const bound = checkUid(object, reference);
  if (kind === 'Secret') return { secret: bound };
  if (kind === 'Node') return { node: bound };
  const pod = object as Pod;
  if ((pod.spec?.serviceAccountName ?? '') !== account)
    throw badRequest(`cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name.`);
  const node = pod.spec?.nodeName ? await readStored(core, 'Node', '', pod.spec.nodeName) : undefined;
  return { ...(node ? { node: { name: node.metadata.name, uid: node.metadata.uid ?? '' } } : {}), pod: bound };
}

function checkExpiration(seconds: number): void {
  const fail = (detail: string): Error => invalidObject(tokenRequestKind, '', [invalid('spec.expirationSeconds', seconds, detail)]);
  if (seconds < EXPIRATION_MIN_SECONDS) throw fail('may not specify a duration less than 10 minutes');
  if (seconds > 2 ** 32) throw fail('may not specify a duration larger than 2^32 seconds');
}

/** Serves POST of a TokenRequest. */
export async function serveToken(core: Core, exchange: Exchange, kind: Kind): Promise<ObjectReply> {
  const { namespace, name } = exchange.info;
  const { config, nowMs } = { config: core.config, nowMs: exchange.nowMs };
  const options = readWriteOptions(exchange, 'CreateOptions');
  const request = (await decodeBody(exchange, tokenRequestKind, options.fieldValidation)) as TokenRequest;
  const seconds = request.spec?.expirationSeconds ?? EXPIRATION_DEFAULT_SECONDS;
  const { managedFields } = recorded(request, exchange, options.manager);
  const attributes: AdmissionAttributes = {
    operation: 'CREATE',
    kind,
    subresource: 'token',
    namespace,
    name,
    object: request,
    old: undefined,
    user: exchange.user,
    dryRun: options.dryRun,
    nowMs,
    warnings: exchange.warnings,
  };
  await admitMutating(core, attributes);
  await admitValidating(core, attributes);
  checkExpiration(seconds);
  const account = await readStored(core, 'ServiceAccount', namespace, name);
  if (!account) throw notFound({ group: '', resource: 'serviceaccounts' }, name);
  if (!config.signingKey) throw badRequest('this server has no key to sign tokens with');
  const bound = await boundTo(core, namespace, name, request.spec?.boundObjectRef);
  const audiences = request.spec?.audiences?.length ? request.spec.audiences : config.audiences;
  const nowSeconds = Math.floor(nowMs / 1000);
  const isExtended = bound.pod !== undefined && seconds === EXTENDED_FOR_SECONDS && !request.spec?.audiences?.length;
  const claims: ServiceAccountClaims = {
    aud: audiences,
    exp: nowSeconds + (isExtended ? EXTENDED_SECONDS : seconds),
    iat: nowSeconds,
    iss: config.issuers[0] ?? '',
    jti: randomUid(core.random),
    'kubernetes.io': {
      namespace,
      ...bound,
      serviceaccount: { name, uid: account.metadata.uid ?? '' },
      ...(isExtended ? { warnafter: nowSeconds + seconds } : {}),
    },
    nbf: nowSeconds,
    sub: `system:serviceaccount:${namespace}:${name}`,
  };
  const object = {
    kind: request.kind,
    apiVersion: request.apiVersion,
    metadata: { name, namespace, creationTimestamp: formatTime(nowMs), ...(managedFields ? { managedFields } : {}) },
    spec: { audiences, expirationSeconds: seconds, boundObjectRef: request.spec?.boundObjectRef ?? null },
    status: { token: signToken(core.crypto, config.signingKey, claims), expirationTimestamp: formatTime((nowSeconds + seconds) * 1000) },
  };
  return { status: 201, object };
}

function recorded(request: TokenRequest, exchange: Exchange, manager: string): TokenRequest['metadata'] {
  const write = fieldWriteOf(
    tokenRequestKind,
    { name: 'token', kind: 'TokenRequest', verbs: ['create'] },
    { user: exchange.user, manager, dryRun: false, nowMs: exchange.nowMs, warnings: exchange.warnings },
  );
  recordManagedFields(tokenRequestKind, undefined, request, write);
  return request.metadata;
}
