/** Which image is which program: the control plane's images beside the generic ones. The only list that knows every component. */
import { kubeApiserver } from '#apiserver';
import { kubeControllerManager } from '#controllers';
import { etcd } from '#etcd';
import { coreDns, kubeProxy } from '#network';
import type { Program } from '#host';
import { createCatalogue, genericImages, type Catalogue, type Image } from '#runtime';
import { kubeScheduler } from '#scheduler';

const MIB = 1024 ** 2;

interface ComponentImage {
  readonly repository: string;
  readonly version: string;
  readonly program: Program;
  readonly path: string;
  readonly sizeBytes: number;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

const componentImage = ({ repository, version, program, path, sizeBytes, cpuMillis, memoryBytes }: ComponentImage): Image => ({
  repository,
  releases: [{ version, tags: [version] }],
  sizeBytes,
  entrypoint: [path],
  programs: { [path]: program },
  component: path.slice(path.lastIndexOf('/') + 1),
  usage: { cpuMillis, memoryBytes },
  // kubeadm pulled them before anything ran (`kubeadm config images pull`).
  pullMs: 0,
});

/** The images kubeadm's manifests name, for `kubernetesVersion`. */
export function controlPlaneImages(kubernetesVersion: string): Image[] {
  const kubernetes = (name: string, program: Program, sizeBytes: number, cpuMillis: number, memoryBytes: number): Image =>
    componentImage({ repository: `registry.k8s.io/${name}`, version: kubernetesVersion, program, path: `/usr/local/bin/${name}`, sizeBytes, cpuMillis, memoryBytes });
  return [
    componentImage({ repository: 'registry.k8s.io/etcd', version: '3.5.21-0', program: etcd, path: '/usr/local/bin/etcd', sizeBytes: 58_938_593, cpuMillis: 20, memoryBytes: 48 * MIB }),
    kubernetes('kube-apiserver', kubeApiserver, 30_071_307, 40, 260 * MIB),
    kubernetes('kube-controller-manager', kubeControllerManager, 27_635_030, 15, 60 * MIB),
    kubernetes('kube-scheduler', kubeScheduler, 21_775_548, 4, 30 * MIB),
    componentImage({ repository: 'registry.k8s.io/coredns/coredns', version: 'v1.12.0', program: coreDns, path: '/coredns', sizeBytes: 20_939_036, cpuMillis: 2, memoryBytes: 18 * MIB }),
    kubernetes('kube-proxy', kubeProxy, 31_887_828, 1, 20 * MIB),
  ];
}

/** Every image of the lab's registries. */
export const clusterCatalogue = (kubernetesVersion: string): Catalogue => createCatalogue([...controlPlaneImages(kubernetesVersion), ...genericImages]);
