/** The images only the control plane's hosts carry: etcd, kube-apiserver and kube-controller-manager, as kubeadm's manifests name them. */
import { kubeApiserver } from '#apiserver';
import { kubeControllerManager } from '#controllers';
import { etcd } from '#etcd';
import { createCatalogue, genericServer, type Catalogue } from '#runtime';
import { componentImage, kubernetesImage, nodeImages } from './images.ts';

const MIB = 1024 ** 2;

/** What the registries hold for a control-plane or etcd host: the whole cluster's images. */
export const controlPlaneCatalogue = (kubernetesVersion: string): Catalogue =>
  createCatalogue(
    [
      componentImage({
        repository: 'registry.k8s.io/etcd',
        version: '3.5.21-0',
        program: etcd,
        path: '/usr/local/bin/etcd',
        sizeBytes: 58_938_593,
        cpuMillis: 20,
        memoryBytes: 48 * MIB,
      }),
      kubernetesImage(kubernetesVersion, 'kube-apiserver', kubeApiserver, { sizeBytes: 30_071_307, cpuMillis: 40, memoryBytes: 260 * MIB }),
      kubernetesImage(kubernetesVersion, 'kube-controller-manager', kubeControllerManager, {
        sizeBytes: 27_635_030,
        cpuMillis: 15,
        memoryBytes: 60 * MIB,
      }),
      ...nodeImages(kubernetesVersion),
    ],
    { fallback: genericServer },
  );
