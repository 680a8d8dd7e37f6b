/** The Auth service: switching authentication on and off, users, roles, permissions, and logging in. Changes go through the log. */
import type { etcd } from '#contracts';
import type { Crypto, Random } from '#host';
import type { AuthChange, Secret } from '../auth/auth-requests.ts';
import { ROOT } from '../auth/auth-store.ts';
import { etcdError } from '../errors.ts';
import type { EtcdMember } from '../member.ts';
import type { GuardedCall } from './callers.ts';

type Answer<Fields = unknown> = Promise<{ readonly header: etcd.ResponseHeader } & Fields>;

interface Named {
  readonly name: string;
}
interface WithPassword extends Named {
  /** Left out: none. */
  readonly password?: string;
}

const SALT_BYTES = 8;
const TOKEN_LETTERS = 16;
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

const hashOf = (crypto: Crypto, salt: string, password: string): string => hexOf(crypto.sha256(`${salt}/${password}`));

function secretFor(crypto: Crypto, random: Random, password: string | undefined): Secret | undefined {
  if (password === undefined) return undefined;
  const salt = hexOf(random.bytes(SALT_BYTES));
  return { salt, hash: hashOf(crypto, salt, password) };
}

const newToken = (random: Random): string => Array.from({ length: TOKEN_LETTERS }, () => LETTERS[random.below(LETTERS.length)]!).join('');

/** Logs a user in: the password is checked here, the token is told to every member. Throws `authFailed` or `authNotEnabled`. */
async function authenticate(member: EtcdMember, crypto: Crypto, name: string, password: string): Answer<{ readonly token: string }> {
  await member.linearize();
  for (;;) {
    const secret = member.state.auth.secretOf(name);
    if (!secret || hashOf(crypto, secret.salt, password) !== secret.hash) {
      member.telemetry.log('warning', 'invalid authentication was requested', { user: name });
      throw etcdError('authFailed');
    }
    const { revision } = member.state.auth;
    const token = `${newToken(member.random)}.${member.applier.appliedIndex + 1}`;
    const { header } = await member.propose<{ header: etcd.ResponseHeader }>({ auth: { authenticate: { name, token } } });
    // The password may have been another one when the token came about.
    if (member.state.auth.revision === revision) return { header, token };
  }
}

/** The unary methods of the Auth service. */
export function authMethods(member: EtcdMember, crypto: Crypto) {
  const change = (auth: AuthChange, { caller }: GuardedCall): Answer => member.propose({ auth, ...(caller ? { caller } : {}) });
  /** Reads are for administrators, and for those they are about. */
  const read = async (call: GuardedCall, isOwn: boolean): Promise<void> => {
    await member.linearize();
    if (!isOwn) member.state.auth.checkAdmin(call.caller);
  };
  return {
    'Auth/AuthEnable': (_: unknown, call: GuardedCall): Answer => change({ enable: {} }, call),
    'Auth/AuthDisable': (_: unknown, call: GuardedCall): Answer => change({ disable: {} }, call),
    async 'Auth/AuthStatus'(_: unknown, call: GuardedCall): Promise<etcd.AuthStatusResponse> {
      await read(call, false);
      return { header: member.header(), enabled: member.state.auth.isEnabled, authRevision: member.state.auth.revision };
    },
    'Auth/Authenticate': ({ name, password = '' }: WithPassword): Answer<{ readonly token: string }> =>
      authenticate(member, crypto, name, password),
    'Auth/UserAdd': ({ name, password }: WithPassword, call: GuardedCall): Answer =>
      change({ userAdd: { name, password: secretFor(crypto, member.random, password) } }, call),
    async 'Auth/UserGet'({ name }: Named, call: GuardedCall): Answer<{ readonly roles: readonly string[] }> {
      await read(call, call.caller?.username === name);
      return { header: member.header(), roles: member.state.auth.user(name).roles };
    },
    async 'Auth/UserList'(_: unknown, call: GuardedCall): Answer<{ readonly users: readonly string[] }> {
      await read(call, false);
      return { header: member.header(), users: member.state.auth.users() };
    },
    'Auth/UserDelete': ({ name }: Named, call: GuardedCall): Answer => change({ userDelete: { name } }, call),
    'Auth/UserChangePassword': ({ name, password }: WithPassword, call: GuardedCall): Answer =>
      change({ userChangePassword: { name, password: secretFor(crypto, member.random, password) } }, call),
    'Auth/UserGrantRole': ({ user, role }: { readonly user: string; readonly role: string }, call: GuardedCall): Answer =>
      change({ userGrantRole: { user, role } }, call),
    'Auth/UserRevokeRole': ({ name, role }: { readonly name: string; readonly role: string }, call: GuardedCall): Answer =>
      change({ userRevokeRole: { name, role } }, call),
    'Auth/RoleAdd': ({ name }: Named, call: GuardedCall): Answer => change({ roleAdd: { name } }, call),
    async 'Auth/RoleGet'({ role }: { readonly role: string }, call: GuardedCall): Answer<{ readonly perm: readonly etcd.Permission[] }> {
      await read(call, member.state.auth.hasRole(call.caller?.username ?? '', role));
      const permissions = member.state.auth.role(role);
      const everything: etcd.Permission = { type: 'READWRITE', key: '', rangeEnd: '\0' };
      return { header: member.header(), perm: role === ROOT ? [everything] : permissions };
    },
    async 'Auth/RoleList'(_: unknown, call: GuardedCall): Answer<{ readonly roles: readonly string[] }> {
      await read(call, false);
      return { header: member.header(), roles: member.state.auth.roles() };
    },
    'Auth/RoleDelete': ({ role }: { readonly role: string }, call: GuardedCall): Answer => change({ roleDelete: { role } }, call),
    'Auth/RoleGrantPermission': ({ name, perm }: Named & { readonly perm?: etcd.Permission }, call: GuardedCall): Answer =>
      change({ roleGrantPermission: { name, perm } }, call),
    'Auth/RoleRevokePermission': (request: { role: string; key: string; rangeEnd?: string }, call: GuardedCall): Answer =>
      change({ roleRevokePermission: request }, call),
  };
}
