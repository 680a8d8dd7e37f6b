/**
 * Who may do what, as it is replicated: users with their roles, roles with their permissions, whether they count, and a revision that
 * every change raises. Pure; after etcd's AuthStore. Tokens are not in here: they live in each member's memory.
 */
import type { etcd } from '#contracts';
import { etcdError } from '../errors.ts';
import type { AuthChange, AuthInfo, Secret } from './auth-requests.ts';
import { isCovered, isSameRange, isValidRange, permissionOrder } from './permissions.ts';

/** The user and the role that may do everything. */
export const ROOT = 'root';

interface User {
  readonly name: string;
  /** Undefined: the user has no password and can only come by certificate. */
  readonly password: Secret | undefined;
  /** Sorted. */
  readonly roles: readonly string[];
}

/** The store as snapshots carry it. */
export interface AuthImage {
  readonly isEnabled: boolean;
  readonly revision: number;
  readonly users: readonly User[];
  readonly roles: readonly (readonly [name: string, permissions: readonly etcd.Permission[]])[];
}

/** Revision of a store that nothing was changed in. */
const FIRST_REVISION = 1;

const sorted = (names: Iterable<string>): string[] => [...names].sort();

export class AuthStore {
  #isEnabled = false;
  #revision = FIRST_REVISION;
  readonly #users = new Map<string, User>();
  readonly #roles = new Map<string, readonly etcd.Permission[]>();

  get isEnabled(): boolean {
    return this.#isEnabled;
  }
  get revision(): number {
    return this.#revision;
  }
  users(): string[] {
    return sorted(this.#users.keys());
  }
  roles(): string[] {
    return sorted(this.#roles.keys());
  }

  /** Undefined while nobody has changed anything. */
  image(): AuthImage | undefined {
    if (this.#revision === FIRST_REVISION) return undefined;
    return {
      isEnabled: this.#isEnabled,
      revision: this.#revision,
      users: this.users().map((name) => this.#users.get(name)!),
      roles: this.roles().map((name) => [name, this.#roles.get(name)!]),
    };
  }
  /** Takes over an image. */
  restore({ isEnabled, revision, users, roles }: AuthImage): void {
    this.#isEnabled = isEnabled;
    this.#revision = revision;
    for (const user of users) this.#users.set(user.name, user);
    for (const [name, permissions] of roles) this.#roles.set(name, permissions);
  }

  /** Throws `userNotFound`. */
  user(name: string): User {
    const user = this.#users.get(name);
    if (!user) throw etcdError('userNotFound');
    return user;
  }
  /** The permissions of a role; throws `roleNotFound`. */
  role(name: string): readonly etcd.Permission[] {
    const permissions = this.#roles.get(name);
    if (!permissions) throw etcdError('roleNotFound');
    return permissions;
  }
  hasRole(user: string, role: string): boolean {
    return this.#users.get(user)?.roles.includes(role) ?? false;
  }
  /** The password to compare with, undefined where there is no such user or it has none. Throws `authNotEnabled`. */
  secretOf(name: string): Secret | undefined {
    if (!this.#isEnabled) throw etcdError('authNotEnabled');
    return this.#users.get(name)?.password;
  }

  // ── who may ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Throws unless the caller may read or write a key or range. */
  check(caller: AuthInfo | undefined, access: 'READ' | 'WRITE', key: string, rangeEnd?: string): void {
    if (!this.#isEnabled) return;
    const user = this.#known(caller);
    if (user.roles.includes(ROOT)) return;
    const permissions = user.roles.flatMap((role) => this.#roles.get(role) ?? []);
    if (!isCovered(permissions, access, key, rangeEnd)) throw etcdError('permissionDenied');
  }

  /** Throws unless the caller has the root role. */
  checkAdmin(caller: AuthInfo | undefined): void {
    if (!this.#isEnabled) return;
    if (caller === undefined || caller.username === '') throw etcdError('userEmpty');
    if (!this.hasRole(caller.username, ROOT)) throw etcdError('permissionDenied');
  }

  #known(caller: AuthInfo | undefined): User {
    if (caller === undefined || caller.revision === 0) throw etcdError('userEmpty');
    if (caller.revision < this.#revision) throw etcdError('authOldRevision');
    const user = this.#users.get(caller.username);
    if (!user) throw etcdError('permissionDenied');
    return user;
  }

  // ── changes ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Carries out a change; throws its error, and then nothing has changed. */
  apply(change: AuthChange): void {
    if ('enable' in change) return this.#enable();
    if ('disable' in change) return this.#disable();
    if ('authenticate' in change) return this.#authenticate(change.authenticate.name);
    if ('userAdd' in change) this.#addUser(change.userAdd);
    else if ('userDelete' in change) this.#deleteUser(change.userDelete.name);
    else if ('userChangePassword' in change) {
      const { name, password } = change.userChangePassword;
      this.#users.set(name, { ...this.user(name), password });
    } else if ('userGrantRole' in change) {
      if (!this.#grantRole(change.userGrantRole.user, change.userGrantRole.role)) return;
    } else if ('userRevokeRole' in change) this.#revokeRole(change.userRevokeRole.name, change.userRevokeRole.role);
    else if ('roleAdd' in change) this.#addRole(change.roleAdd.name);
    else if ('roleDelete' in change) this.#deleteRole(change.roleDelete.role);
    else if ('roleGrantPermission' in change) this.#grant(change.roleGrantPermission.name, change.roleGrantPermission.perm);
    else this.#revoke(change.roleRevokePermission.role, change.roleRevokePermission);
    this.#revision++;
  }

  #enable(): void {
    if (this.#isEnabled) return;
    const root = this.#users.get(ROOT);
    if (!root) throw etcdError('rootUserNotExist');
    if (!root.roles.includes(ROOT)) throw etcdError('rootRoleNotExist');
    this.#isEnabled = true;
  }

  #disable(): void {
    if (!this.#isEnabled) return;
    this.#isEnabled = false;
    this.#revision++;
  }

  #authenticate(name: string): void {
    if (!this.#isEnabled) throw etcdError('authNotEnabled');
    if (!this.#users.get(name)?.password) throw etcdError('authFailed');
  }

  #addUser({ name, password }: { readonly name: string; readonly password?: Secret | undefined }): void {
    if (name === '') throw etcdError('userEmpty');
    if (this.#users.has(name)) throw etcdError('userAlreadyExist');
    this.#users.set(name, { name, password, roles: [] });
  }

  #deleteUser(name: string): void {
    if (this.#isEnabled && name === ROOT) throw etcdError('invalidAuthMgmt');
    this.user(name);
    this.#users.delete(name);
  }

  /** False: the user had it already. */
  #grantRole(name: string, role: string): boolean {
    const user = this.user(name);
    if (role !== ROOT) this.role(role);
    if (user.roles.includes(role)) return false;
    this.#users.set(name, { ...user, roles: sorted([...user.roles, role]) });
    return true;
  }

  #revokeRole(name: string, role: string): void {
    if (this.#isEnabled && name === ROOT && role === ROOT) throw etcdError('invalidAuthMgmt');
    const user = this.user(name);
    if (!user.roles.includes(role)) throw etcdError('roleNotGranted');
    this.#users.set(name, { ...user, roles: user.roles.filter((one) => one !== role) });
  }

  #addRole(name: string): void {
    if (name === '') throw etcdError('roleEmpty');
    if (this.#roles.has(name)) throw etcdError('roleAlreadyExist');
    this.#roles.set(name, []);
  }

  #deleteRole(name: string): void {
    if (this.#isEnabled && name === ROOT) throw etcdError('invalidAuthMgmt');
    this.role(name);
    this.#roles.delete(name);
    for (const user of this.#users.values())
      if (user.roles.includes(name)) this.#users.set(user.name, { ...user, roles: user.roles.filter((one) => one !== name) });
  }

  #grant(name: string, permission: etcd.Permission | undefined): void {
    if (!permission) throw etcdError('permissionNotGiven');
    if (!isValidRange(permission)) throw etcdError('invalidAuthMgmt');
    const others = this.role(name).filter((one) => !isSameRange(one, permission));
    this.#roles.set(name, [...others, permission].sort(permissionOrder));
  }

  #revoke(name: string, range: Pick<etcd.Permission, 'key' | 'rangeEnd'>): void {
    const permissions = this.role(name);
    const left = permissions.filter((one) => !isSameRange(one, range));
    if (left.length === permissions.length) throw etcdError('permissionNotGranted');
    this.#roles.set(name, left);
  }
}
