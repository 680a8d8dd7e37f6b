/**
 * Which image is which program, for the images that any node may run: kube-proxy and CoreDNS, a scheduler beside the first
 * ("Configure Multiple Schedulers"), and the generic ones. What only the control plane's hosts carry is in control-plane-images.ts.
 */
import { coreDns, kubeProxy } from '#network';
import type { Program } from '#host';
import { createCatalogue, genericImages, genericServer, type Catalogue, type Image } from '#runtime';
import { kubeScheduler } from '#scheduler';

const MIB = 1024 ** 2;

/** A component of Kubernetes as an image: its program, where it lies, and what it weighs. */
export interface ComponentImage {
  readonly repository: string;
  readonly version: string;
  readonly program: Program;
  readonly path: string;
  readonly sizeBytes: number;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

/** The image of a component, which is on its node from the start. */
export const componentImage = ({ repository, version, program, path, sizeBytes, cpuMillis, memoryBytes }: ComponentImage): Image => ({
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

/** One of Kubernetes' own images: tagged with the cluster's version, its program under /usr/local/bin. */
export const kubernetesImage = (
  version: string,
  name: string,
  program: Program,
  weight: Pick<ComponentImage, 'sizeBytes' | 'cpuMillis' | 'memoryBytes'>,
): Image => componentImage({ repository: `registry.k8s.io/${name}`, version, program, path: `/usr/local/bin/${name}`, ...weight });

/** The images any node may run, for `kubernetesVersion`. */
export const nodeImages = (kubernetesVersion: string): readonly Image[] => [
  kubernetesImage(kubernetesVersion, 'kube-scheduler', kubeScheduler, { sizeBytes: 21_775_548, cpuMillis: 4, memoryBytes: 30 * MIB }),
  componentImage({
    repository: 'registry.k8s.io/coredns/coredns',
    version: 'v1.12.0',
    program: coreDns,
    path: '/coredns',
    sizeBytes: 20_939_036,
    cpuMillis: 2,
    memoryBytes: 18 * MIB,
  }),
  kubernetesImage(kubernetesVersion, 'kube-proxy', kubeProxy, { sizeBytes: 31_887_828, cpuMillis: 1, memoryBytes: 20 * MIB }),
  ...genericImages,
];

/** What the registries hold for a worker machine. */
export const nodeCatalogue = (kubernetesVersion: string): Catalogue =>
  createCatalogue(nodeImages(kubernetesVersion), { fallback: genericServer });
