/** token-cleaner-controller: deletes bootstrap tokens once they have expired. Off unless asked for; kubeadm asks for it. */
import { isNotFound } from '#apimachinery';
import { defineController, resources, watchObjects } from '#client';
import { bootstrapTokenOf, isBootstrapToken } from './bootstrap-token.ts';
import type { ManagerController } from './settings.ts';

/** The controller. */
export const tokenCleaner: ManagerController = defineController({
  name: 'token-cleaner-controller',
  account: 'token-cleaner',
  workers: 1,
  disabledByDefault: true,
  build({ client, informers, clock }) {
    const secrets = informers.informer(resources.secrets);
    return {
      watches: [watchObjects(secrets, (secret) => (isBootstrapToken(secret) ? [`kube-system/${secret.metadata.name}`] : []))],
      async reconcile(key) {
        const secret = secrets.lister.get(key);
        const expiresMs = secret && bootstrapTokenOf(secret)?.expiresMs;
        if (!secret || expiresMs === undefined) return undefined;
        const remainingMs = expiresMs - clock.wallMs();
        if (remainingMs > 0) return { requeueAfterMs: remainingMs };
        try {
          const uid = secret.metadata.uid;
          await client.delete(resources.secrets, secret.metadata.name, 'kube-system', uid ? { preconditions: { uid } } : {});
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
        return undefined;
      },
    };
  },
});
