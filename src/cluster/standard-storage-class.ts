/** The StorageClass `standard`: the default, directories on nodes (local-path), as clusters for learning have it. kubeadm itself makes none. */
import type { ApiObject } from '#kubeadm';

/** The class. */
export const standardStorageClass = (): ApiObject =>
  ({
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: 'rancher.io/local-path',
    reclaimPolicy: 'Delete',
    volumeBindingMode: 'WaitForFirstConsumer',
  }) as unknown as ApiObject;
