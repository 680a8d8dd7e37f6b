/** What goes through the log about users and roles, and who a request comes from. After etcd's InternalRaftRequest and its header. */
import type { etcd } from '#contracts';

/** A password as it is stored: never itself. */
export interface Secret {
  readonly salt: string;
  readonly hash: string;
}

/** Who asks, and at which revision of the auth store that was found out. */
export interface AuthInfo {
  readonly username: string;
  readonly revision: number;
}

/** A change of the auth store, or (`authenticate`) a token that every member has to know. */
export type AuthChange =
  | { readonly enable: Record<string, never> }
  | { readonly disable: Record<string, never> }
  | { readonly authenticate: { readonly name: string; readonly token: string } }
  | { readonly userAdd: { readonly name: string; readonly password?: Secret | undefined } }
  | { readonly userDelete: { readonly name: string } }
  | { readonly userChangePassword: { readonly name: string; readonly password: Secret | undefined } }
  | { readonly userGrantRole: { readonly user: string; readonly role: string } }
  | { readonly userRevokeRole: { readonly name: string; readonly role: string } }
  | { readonly roleAdd: { readonly name: string } }
  | { readonly roleDelete: { readonly role: string } }
  | { readonly roleGrantPermission: { readonly name: string; readonly perm: etcd.Permission | undefined } }
  | { readonly roleRevokePermission: { readonly role: string; readonly key: string; readonly rangeEnd?: string | undefined } };
