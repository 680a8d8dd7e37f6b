/** Bootstrap tokens (kubeadm join): `id.secret` pairs kept as Secrets bootstrap-token-<id> in kube-system. */
import { kindByGroupKind, storageKey } from '#api';
import { maybeParseTime } from '#apimachinery';
import type { User } from '../core.ts';
import type { WatchCaches } from '../watch-cache/caches.ts';
import { fromBase64Url } from './encoding.ts';

const tokenForm = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const groupForm = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/** The user of a bootstrap token; undefined when no valid token Secret matches. */
export function bootstrapTokenUser(caches: WatchCaches, token: string, nowMs: number): User | undefined {
  const match = tokenForm.exec(token);
  const kind = kindByGroupKind('', 'Secret');
  if (!match || !kind) return undefined;
  const [, id = '', secret = ''] = match;
  const stored = caches.of(kind).get(storageKey(kind, `bootstrap-token-${id}`, 'kube-system'))?.object as
    { type?: string; data?: Record<string, string>; metadata: { deletionTimestamp?: string } } | undefined;
  if (stored?.type !== 'bootstrap.kubernetes.io/token' || stored.metadata.deletionTimestamp) return undefined;
  const value = (key: string): string => {
    const bytes = fromBase64Url(stored.data?.[key] ?? '');
    return bytes ? new TextDecoder().decode(bytes) : '';
  };
  if (value('token-secret') !== secret || value('token-id') !== id) return undefined;
  if (value('usage-bootstrap-authentication') !== 'true') return undefined;
  const expiration = value('expiration');
  if (expiration && !((maybeParseTime(expiration) ?? 0) > nowMs)) return undefined;
  const extraGroups = value('auth-extra-groups')
    .split(',')
    .filter((group) => groupForm.test(group));
  return { name: `system:bootstrap:${id}`, groups: ['system:bootstrappers', ...extraGroups] };
}
