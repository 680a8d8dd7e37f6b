/** serviceaccount-controller: every live namespace has the ServiceAccount `default`. */
import { isAlreadyExists } from '#apimachinery';
import { defineController, resources, watchObjects } from '#client';
import type { ManagerController } from './settings.ts';

const NAME = 'default';

/** The controller. */
export const serviceAccountController: ManagerController = defineController({
  name: 'serviceaccount-controller',
  account: 'service-account-controller',
  workers: 1,
  build({ client, informers }) {
    const namespaces = informers.informer(resources.namespaces);
    const accounts = informers.informer(resources.serviceaccounts);
    return {
      watches: [
        watchObjects(namespaces),
        watchObjects(accounts, (account) => (account.metadata.name === NAME ? [account.metadata.namespace ?? ''] : [])),
      ],
      async reconcile(name) {
        const namespace = namespaces.lister.get(name);
        if (!namespace || namespace.status?.phase === 'Terminating' || accounts.lister.get(`${name}/${NAME}`)) return;
        try {
          await client.create(resources.serviceaccounts, {
            apiVersion: 'v1',
            kind: 'ServiceAccount',
            metadata: { name: NAME, namespace: name },
          });
        } catch (error) {
          if (!isAlreadyExists(error)) throw error;
        }
      },
    };
  },
});
