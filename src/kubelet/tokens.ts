/** Tokens of pods' service accounts: asked for once, and anew when four fifths of their life are over (the kubelet's token manager). */
import type { Pod } from '#api';
import { parseTime } from '#apimachinery';
import type { RestClient } from '#client';
import type { Clock } from '#host';

interface TokenRequest {
  readonly status: { readonly token: string; readonly expirationTimestamp: string };
}

/** What a volume asks for. */
export interface TokenWish {
  readonly audience?: string;
  readonly expirationSeconds?: number;
}

/** Tokens of one kubelet. */
export interface Tokens {
  /** Rejects as the client does where there is no token and none can be had. */
  get(pod: Pod, wish: TokenWish): Promise<string>;
  /** Forgets the tokens of a pod. */
  forget(uid: string): void;
}

const REFRESH_SHARE = 0.8;
const DEFAULT_SECONDS = 3600;

interface Kept {
  readonly token: string;
  readonly refreshAtMs: number;
  readonly expiresMs: number;
}

/** Makes the manager. */
export function createTokens(client: RestClient, clock: Clock): Tokens {
  const kept = new Map<string, Kept>();
  const request = async (pod: Pod, { audience, expirationSeconds = DEFAULT_SECONDS }: TokenWish): Promise<Kept> => {
    const { name, namespace = '', uid } = pod.metadata;
    const account = pod.spec?.serviceAccountName || 'default';
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { audiences: audience ? [audience] : [], expirationSeconds, boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid } },
    };
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
    const { status } = await client.json<TokenRequest>({ method: 'POST', path, body });
    const expiresMs = parseTime(status.expirationTimestamp);
    const now = clock.wallMs();
    return { token: status.token, expiresMs, refreshAtMs: now + (expiresMs - now) * REFRESH_SHARE };
  };
  return {
    async get(pod, wish) {
      const key = `${pod.metadata.uid}/${wish.audience ?? ''}/${wish.expirationSeconds ?? DEFAULT_SECONDS}`;
      const known = kept.get(key);
      if (known && clock.wallMs() < known.refreshAtMs) return known.token;
      try {
        const fresh = await request(pod, wish);
        kept.set(key, fresh);
        return fresh.token;
      } catch (error) {
        // The old one is good until it expires.
        if (known && clock.wallMs() < known.expiresMs) return known.token;
        throw error;
      }
    },
    forget(uid) {
      for (const key of [...kept.keys()]) if (key.startsWith(`${uid}/`)) kept.delete(key);
    },
  };
}
