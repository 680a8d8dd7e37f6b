/** The catalogue: every image the lab's registries know. It stands for Docker Hub, registry.k8s.io and the rest of the Internet. */
import { RpcError, type Crypto } from '#host';
import { manifestDigest, type Image, type ResolvedImage } from './image.ts';
import { formatReference, parseReference, repositoryOf, type ImageReference } from './reference.ts';

/** Looks images up as a registry does. */
export interface Catalogue {
  /**
   * The release a reference points at. Rejects as containerd does, with RpcError whose message is complete from
   * `failed to pull and unpack image` on: unknown repository (`Unknown`), unknown tag or digest (`NotFound`), unknown host.
   */
  resolve(reference: string, crypto: Crypto): ResolvedImage;
  readonly images: readonly Image[];
}

/** What a catalogue is made of beside its images. */
export interface CatalogueOptions {
  /** An image for a repository the catalogue does not hold (a generic server, marked as such). */
  readonly fallback?: (reference: ImageReference) => Image | undefined;
}

const KNOWN_REGISTRIES: readonly string[] = [
  'docker.io',
  'registry.k8s.io',
  'quay.io',
  'ghcr.io',
  'gcr.io',
  'mcr.microsoft.com',
  'public.ecr.aws',
  'registry.gitlab.com',
];

function unresolved(code: 'Unknown' | 'NotFound', reference: ImageReference, cause: string): RpcError {
  const name = formatReference(reference);
  return new RpcError(code, `failed to pull and unpack image "${name}": failed to resolve reference "${name}": ${cause}`);
}

function unknownRepository(reference: ImageReference): RpcError {
  if (reference.registry === 'docker.io') {
    return unresolved(
      'Unknown',
      reference,
      'pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed',
    );
  }
  if (KNOWN_REGISTRIES.includes(reference.registry)) return unresolved('NotFound', reference, `${formatReference(reference)}: not found`);
  const host = reference.registry.split(':')[0]!;
  const url = `https://${reference.registry}/v2/${reference.path}/manifests/${reference.digest ?? reference.tag}`;
  return unresolved('Unknown', reference, `failed to do request: Head "${url}": dial tcp: lookup ${host}: no such host`);
}

/** A catalogue of `images`; of two with the same repository the later one counts. */
export function createCatalogue(images: readonly Image[], options: CatalogueOptions = {}): Catalogue {
  const byRepository = new Map(images.map((image) => [image.repository, image]));
  return {
    images: [...byRepository.values()],
    resolve(text, crypto) {
      let reference: ImageReference;
      try {
        reference = parseReference(text);
      } catch (error) {
        throw new RpcError('InvalidArgument', `failed to parse image reference "${text}": ${(error as Error).message}`);
      }
      const image = byRepository.get(repositoryOf(reference)) ?? options.fallback?.(reference);
      if (!image) throw unknownRepository(reference);
      const { tag, digest } = reference;
      const release = image.releases.find((candidate) =>
        digest === undefined ? candidate.tags.includes(tag!) : manifestDigest(crypto, { image, release: candidate }) === digest,
      );
      if (!release) throw unresolved('NotFound', reference, `${formatReference(reference)}: not found`);
      return { image, release };
    },
  };
}
