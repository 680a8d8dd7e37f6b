/** The front door of runtime: containerd as a program, and the catalogue of images it pulls from. */
export { containerd, CRI_PORT, PAUSE_IMAGE } from './containerd.ts';
export type { Cni, CniAttachment, CniEnvironment } from './cni.ts';
export { createCatalogue, type Catalogue, type CatalogueOptions } from './catalogue.ts';
export { manifestDigest, configDigest, type Image, type ImageFile, type Release, type ResolvedImage } from './image.ts';
export { parseReference, formatReference, repositoryOf, type ImageReference } from './reference.ts';
export { formatLogTime } from './container-log.ts';
export * from './images/index.ts';
