/**
 * bootstrap-signer-controller: signs the kubeconfig in kube-public/cluster-info with every bootstrap token, so that whoever
 * knows a token can tell that the cluster's CA in it is the right one. Off unless asked for; kubeadm asks for it.
 */
import type { ConfigMap } from '#api';
import { deepEqual, isConflict } from '#apimachinery';
import { defineController, resources, watchObjects } from '#client';
import type { Crypto } from '#host';
import { bootstrapTokenOf, isBootstrapToken, type BootstrapToken } from './bootstrap-token.ts';
import type { ManagerController } from './settings.ts';

const KEY = 'kube-public/cluster-info';
const PREFIX = 'jws-kubeconfig-';

const base64Url = (bytes: Uint8Array): string =>
  btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '');

/** A detached JSON Web Signature (HS256) of `content`: the middle part is left out. */
export function detachedSignature(crypto: Pick<Crypto, 'hmacSha256'>, content: string, { id, secret }: BootstrapToken): string {
  const encoder = new TextEncoder();
  const head = base64Url(encoder.encode(JSON.stringify({ alg: 'HS256', kid: id })));
  const payload = base64Url(encoder.encode(content));
  return `${head}..${base64Url(crypto.hmacSha256(encoder.encode(secret), encoder.encode(`${head}.${payload}`)))}`;
}

/** The data of cluster-info with a signature of each signing token and no others. */
export function signedData(
  data: Readonly<Record<string, string>>,
  tokens: readonly BootstrapToken[],
  crypto: Pick<Crypto, 'hmacSha256'>,
): Record<string, string> {
  const signed = Object.fromEntries(Object.entries(data).filter(([name]) => !name.startsWith(PREFIX)));
  const content = data['kubeconfig'];
  if (content !== undefined)
    for (const token of tokens) if (token.signs) signed[PREFIX + token.id] = detachedSignature(crypto, content, token);
  return signed;
}

/** The controller. */
export const bootstrapSigner: ManagerController = defineController({
  name: 'bootstrap-signer-controller',
  account: 'bootstrap-signer',
  workers: 1,
  disabledByDefault: true,
  build({ client, informers, crypto, clock }) {
    const configmaps = informers.informer(resources.configmaps);
    const secrets = informers.informer(resources.secrets);
    return {
      watches: [
        watchObjects(configmaps, ({ metadata }) => (`${metadata.namespace ?? ''}/${metadata.name}` === KEY ? [KEY] : [])),
        watchObjects(secrets, (secret) => (isBootstrapToken(secret) ? [KEY] : [])),
      ],
      async reconcile() {
        const info: ConfigMap | undefined = configmaps.lister.get(KEY);
        if (!info) return undefined;
        const living = secrets.lister.inNamespace('kube-system').flatMap((secret) => bootstrapTokenOf(secret) ?? []);
        const tokens = living.filter(({ expiresMs }) => expiresMs === undefined || expiresMs > clock.wallMs());
        const data = signedData((info.data ?? {}) as Record<string, string>, tokens, crypto);
        if (deepEqual(data, info.data ?? {})) return undefined;
        try {
          await client.update(resources.configmaps, { ...info, data });
        } catch (error) {
          if (!isConflict(error)) throw error;
          return { requeueAfterMs: 20 };
        }
        return undefined;
      },
    };
  },
});
