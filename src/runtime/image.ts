/**
 * An image of the lab: what a registry would hand out, with TypeScript programs in place of binaries. It models an OCI image
 * (manifest, configuration, layers) with one layer; its digest is made from its name and version, not from its content.
 */
import type { Crypto, Program } from '#host';

/** A file of an image; text alone is a plain file of mode 0644. */
export type ImageFile =
  string | { readonly content: string; readonly mode?: number } | { readonly directory: true } | { readonly link: string };

/** One version of an image and the tags that point at it. */
export interface Release {
  readonly version: string;
  readonly tags: readonly string[];
  /** Size as `ImageStatus` tells it; default the image's. */
  readonly sizeBytes?: number;
  /** Added to the image's environment (NGINX_VERSION …). */
  readonly env?: Readonly<Record<string, string>>;
}

/** What one entry of the catalogue says. */
export interface Image {
  /** Canonical repository with its registry: `docker.io/library/nginx`, `registry.k8s.io/pause`. */
  readonly repository: string;
  /** Newest first. */
  readonly releases: readonly Release[];
  /** Compressed size, as kubelet events and node status show it. */
  readonly sizeBytes: number;
  readonly entrypoint?: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly workingDir?: string;
  readonly exposedPorts?: readonly number[];
  /** Numeric user it runs as; default 0, root. */
  readonly uid?: number;
  /** Its files by absolute path; parents are made. */
  readonly files?: Readonly<Record<string, ImageFile>>;
  /** Executables by absolute path; each also appears as a file of mode 0755. */
  readonly programs: Readonly<Record<string, Program>>;
  /** Executables that are other names of programs: path → path. */
  readonly links?: Readonly<Record<string, string>>;
  /** Name under which its main process is a component of the machine (`etcd`, `kube-proxy`); for images that run once per machine. */
  readonly component?: string;
  /** What one running container is taken to use, for stats: there is no real CPU to measure. Default 1 milli-CPU and 8 MiB. */
  readonly usage?: { readonly cpuMillis: number; readonly memoryBytes: number };
  /** A stand-in for software the lab has no program for; said in its log, in an event and in the image's annotations. */
  readonly isSimulated?: boolean;
  /** Time the registry takes to answer and send it, lab milliseconds; default from the size. */
  readonly pullMs?: number;
}

/** A release of an image, as a reference resolves to it. */
export interface ResolvedImage {
  readonly image: Image;
  readonly release: Release;
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** Digest of the manifest: `sha256:…`, the part after `@` of a digest reference. */
export function manifestDigest(crypto: Crypto, { image, release }: ResolvedImage): string {
  return `sha256:${hex(crypto.sha256(`manifest ${image.repository} ${release.version}`))}`;
}

/** Digest of the configuration: the image id. */
export function configDigest(crypto: Crypto, { image, release }: ResolvedImage): string {
  return `sha256:${hex(crypto.sha256(`config ${image.repository} ${release.version}`))}`;
}

/** Size in bytes of a release. */
export function sizeOf({ image, release }: ResolvedImage): number {
  return release.sizeBytes ?? image.sizeBytes;
}

const REGISTRY_ANSWER_MS = 180;
const REGISTRY_BYTES_PER_MS = 100_000;

/** Lab milliseconds a pull of a release takes: the registry's answer and its bytes at 100 MB/s. */
export function pullDurationMs(resolved: ResolvedImage): number {
  return resolved.image.pullMs ?? REGISTRY_ANSWER_MS + Math.round(sizeOf(resolved) / REGISTRY_BYTES_PER_MS);
}

/** Environment of a release as key and value. */
export function environmentOf({ image, release }: ResolvedImage): Record<string, string> {
  return { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...image.env, ...release.env };
}
