/**
 * Who acts through the bridge. It speaks to the API server as kubernetes-admin; for the token of somebody else's kubeconfig it adds that
 * user's name and groups as impersonation headers, so that everything after authentication is the API server's own. Left out: client certificates.
 */
import { randomBytes } from 'node:crypto';
import type { HeaderPair } from './protocol.ts';

/** A user of the cluster. */
export interface BridgeUser {
  readonly name: string;
  readonly groups: readonly string[];
}

const ADMIN = 'kubernetes-admin';

/** The groups of users that are known before anybody asks for them: kubeadm's administrator, and a student without rights. */
const groupsOf: Readonly<Record<string, readonly string[]>> = { [ADMIN]: ['kubeadm:cluster-admins'], student: ['students'] };

/** The tokens that this bridge has given out. */
export interface BridgeUsers {
  /** The token of a user: the same each time. */
  tokenFor(user: BridgeUser): string;
  /** The headers a request goes on with; undefined: it asks for another identity and its user is not the administrator. */
  headersFor(headers: readonly HeaderPair[]): {
    readonly user: BridgeUser;
    readonly headers: readonly HeaderPair[];
    readonly asks?: string;
  };
}

/** The user that a kubeconfig is asked for. */
export function userOf(name: string | null, groups: string | null): BridgeUser {
  const wanted = name === null || name === '' ? ADMIN : name;
  const given = groups?.split(',').filter((group) => group !== '');
  return { name: wanted, groups: given ?? groupsOf[wanted] ?? [] };
}

/** True for who needs no impersonation: the bridge itself is this user. */
const isBridgeItself = ({ name, groups }: BridgeUser): boolean => name === ADMIN && groups.join() === groupsOf[ADMIN]!.join();

/** Makes the table of tokens. */
export function createUsers(): BridgeUsers {
  const users = new Map<string, BridgeUser>();
  const tokens = new Map<string, string>();
  return {
    tokenFor(user) {
      const key = JSON.stringify(user);
      const token = tokens.get(key) ?? `lab-${randomBytes(24).toString('base64url')}`;
      tokens.set(key, token);
      users.set(token, user);
      return token;
    },
    headersFor(headers) {
      const authorization = headers.find(([name]) => name === 'authorization')?.[1];
      const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
      const known = token === undefined ? undefined : users.get(token);
      const admin = userOf(null, null);
      if (!known) return { user: admin, headers };
      const rest = headers.filter(([name]) => name !== 'authorization');
      if (isBridgeItself(known)) return { user: known, headers: rest };
      const asked = rest.find(([name]) => name === 'impersonate-user')?.[1];
      const groups = known.groups.map((group): HeaderPair => ['impersonate-group', group]);
      const clean = rest.filter(([name]) => !name.startsWith('impersonate-'));
      return {
        user: known,
        headers: [...clean, ['impersonate-user', known.name], ...groups],
        ...(asked === undefined ? {} : { asks: asked }),
      };
    },
  };
}

/** A kubeconfig for a user, whose server is the bridge with this certificate (PEM). */
export function kubeconfigFor(server: string, certificate: string, user: BridgeUser, token: string): string {
  const context = `${user.name}@kubernetes`;
  return `apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority-data: ${Buffer.from(certificate).toString('base64')}
    server: ${server}
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: ${user.name}
  name: ${context}
current-context: ${context}
preferences: {}
users:
- name: ${user.name}
  user:
    token: ${token}
`;
}
