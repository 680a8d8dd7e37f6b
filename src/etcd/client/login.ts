/** Who the client is to the servers: a user with a password, whose token goes along with every call; after clientv3's auth token bundle. */
import { RpcError } from '#host';

/** A user and the password. */
export interface Credentials {
  readonly name: string;
  readonly password: string;
}

/** Gives what is sent beside a call. */
export interface Login {
  /** Logs in where that is still to be done; undefined where there is no user, or authentication is off. Rejects with RpcError. */
  metadata(): Promise<Readonly<Record<string, string>> | undefined>;
  /** The token is no longer taken. */
  forget(): void;
}

/** A client that is nobody. */
export const noLogin: Login = Object.freeze({ metadata: () => Promise.resolve(undefined), forget: () => undefined });

const AUTH_NOT_ENABLED = 'etcdserver: authentication is not enabled';
const REFUSALS: readonly string[] = Object.freeze(['etcdserver: invalid auth token', 'etcdserver: revision of auth store is old']);

/** Whether a call failed because of its token alone. */
export const isTokenRefused = (error: unknown): boolean => error instanceof RpcError && REFUSALS.includes(error.message);

/** Logs in by `authenticate` when it is first needed. */
export function createLogin(
  user: Credentials | undefined,
  authenticate: (request: Credentials) => Promise<{ readonly token: string }>,
): Login {
  if (!user) return noLogin;
  let token: Promise<string | undefined> | undefined;
  const logIn = async (): Promise<string | undefined> => {
    try {
      return (await authenticate(user)).token;
    } catch (error) {
      if (error instanceof RpcError && error.message === AUTH_NOT_ENABLED) return undefined;
      token = undefined;
      throw error;
    }
  };
  return {
    async metadata() {
      token ??= logIn();
      const known = await token;
      return known === undefined ? undefined : { token: known };
    },
    forget: () => void (token = undefined),
  };
}
