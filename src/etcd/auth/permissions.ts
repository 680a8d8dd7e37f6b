/** Permissions on keys and ranges, and whether a role's permissions together cover what is asked for; after etcd's range permission cache. */
import type { etcd } from '#contracts';

type Permission = etcd.Permission;
type Access = 'READ' | 'WRITE';

/** Order in which a role's permissions are kept. */
export const permissionOrder = (one: Permission, other: Permission): number => {
  const [a, b] = [`${one.key}\0${one.rangeEnd ?? ''}`, `${other.key}\0${other.rangeEnd ?? ''}`];
  return a < b ? -1 : a > b ? 1 : 0;
};

/** Whether both are about the same key or range. */
export const isSameRange = (one: Pick<Permission, 'key' | 'rangeEnd'>, other: Pick<Permission, 'key' | 'rangeEnd'>): boolean =>
  one.key === other.key && (one.rangeEnd ?? '') === (other.rangeEnd ?? '');

/** A permission needs a key, and a range that is not empty. */
export function isValidRange({ key, rangeEnd = '' }: Pick<Permission, 'key' | 'rangeEnd'>): boolean {
  return key !== '' && (rangeEnd === '' || rangeEnd === '\0' || key < rangeEnd);
}

const allows = ({ type }: Permission, access: Access): boolean => type === 'READWRITE' || type === access;

/** End of a range of keys; undefined where it is open. A single key ends just behind itself. */
const endOf = (key: string, rangeEnd: string | undefined): string | undefined => {
  if (rangeEnd === undefined || rangeEnd === '') return `${key}\0`;
  return rangeEnd === '\0' ? undefined : rangeEnd;
};

/** Whether the permissions, taken together, allow `access` to every key that is asked for. */
export function isCovered(permissions: readonly Permission[], access: Access, key: string, rangeEnd?: string): boolean {
  const end = endOf(key, rangeEnd);
  let reached = key;
  for (const permission of permissions.filter((one) => allows(one, access)).sort(permissionOrder)) {
    if (permission.key > reached) return false;
    const upTo = endOf(permission.key, permission.rangeEnd);
    if (upTo === undefined) return true;
    if (upTo > reached) reached = upTo;
    if (end !== undefined && reached >= end) return true;
  }
  return false;
}
