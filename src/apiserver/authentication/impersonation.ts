/** Impersonation (kubectl --as): the caller needs the verb impersonate on each identity it takes; then it acts as that user. */
import { forbidden } from '#apimachinery';
import type { HeaderPairs } from '#host';
import type { Authorizer } from '../authorization/authorizer.ts';
import { forbiddenDetail, type Attributes } from '../authorization/attributes.ts';
import type { User } from '../core.ts';

interface Identity {
  readonly resource: string;
  readonly group: string;
  readonly subresource: string;
  readonly name: string;
  readonly namespace: string;
}

const serviceAccountPrefix = 'system:serviceaccount:';

function identitiesOf(
  name: string,
  uid: string,
  groups: readonly string[],
  extra: Readonly<Record<string, readonly string[]>>,
): Identity[] {
  const identities: Identity[] = [];
  const [namespace = '', account = ''] = name.startsWith(serviceAccountPrefix) ? name.slice(serviceAccountPrefix.length).split(':') : [];
  if (account) identities.push({ resource: 'serviceaccounts', group: '', subresource: '', name: account, namespace });
  else if (name) identities.push({ resource: 'users', group: '', subresource: '', name, namespace: '' });
  for (const group of groups) identities.push({ resource: 'groups', group: '', subresource: '', name: group, namespace: '' });
  for (const [key, values] of Object.entries(extra)) {
    for (const value of values)
      identities.push({ resource: 'userextras', group: 'authentication.k8s.io', subresource: key, name: value, namespace: '' });
  }
  if (uid) identities.push({ resource: 'uids', group: 'authentication.k8s.io', subresource: '', name: uid, namespace: '' });
  return identities;
}

/** The user a request acts as. Throws 403 when the caller may not act so. */
export function impersonatedUser(headers: HeaderPairs, caller: User, authorizer: Authorizer): User {
  const all = (name: string): string[] => headers.filter(([key]) => key === name).map(([, value]) => value);
  const name = all('impersonate-user')[0] ?? '';
  const uid = all('impersonate-uid')[0] ?? '';
  const groups = all('impersonate-group');
  const extra: Record<string, string[]> = {};
  for (const [key, value] of headers) {
    if (!key.startsWith('impersonate-extra-')) continue;
    const extraKey = decodeURIComponent(key.slice('impersonate-extra-'.length));
    extra[extraKey] = [...(extra[extraKey] ?? []), value];
  }
  const identities = identitiesOf(name, uid, groups, extra);
  if (identities.length === 0) return caller;
  for (const identity of identities) {
    const attributes: Attributes = { user: caller, verb: 'impersonate', isResource: true, version: 'v1', path: '', ...identity };
    const decision = authorizer.authorize(attributes);
    if (!decision.allowed) {
      throw forbidden({ group: identity.group, resource: identity.resource }, identity.name, forbiddenDetail(attributes, decision.reason));
    }
  }
  return { ...actingUser(name, groups), ...(uid ? { uid } : {}), ...(Object.keys(extra).length ? { extra } : {}) };
}

function actingUser(name: string, groups: readonly string[]): User {
  const acting = [...groups];
  if (name.startsWith(serviceAccountPrefix) && groups.length === 0) {
    const namespace = name.slice(serviceAccountPrefix.length).split(':')[0] ?? '';
    acting.push('system:serviceaccounts', `system:serviceaccounts:${namespace}`);
  }
  const extraGroup = name === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated';
  if (!acting.includes(extraGroup)) acting.push(extraGroup);
  return { name, groups: acting };
}
