/** The image service of the CRI: images on this machine, pulled from the catalogue in the time their size takes. */
import { RpcError, type Clock, type Crypto } from '#host';
import type { Catalogue } from './catalogue.ts';
import type { CriImage, ImageRequest } from './cri-types.ts';
import { configDigest, manifestDigest, pullDurationMs, sizeOf, type ResolvedImage } from './image.ts';
import { formatReference, parseReference, repositoryOf } from './reference.ts';
import type { RecordStore } from './record-store.ts';

/** Annotation of images that stand in for software the lab has no program for. */
const ANNOTATION_SIMULATED = 'tabernetes.dev/simulated';

/** An image on this machine; `id` is that of its configuration. */
export interface ImageRecord {
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  readonly sizeBytes: number;
  readonly uid: number;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** The image service and what the container service needs of it. */
export interface ImageService {
  readonly unary: Readonly<Record<string, (request: never) => Promise<unknown>>>;
  /** The record and the release of an image that is here; throws RpcError NotFound otherwise. */
  require(reference: string): { readonly record: ImageRecord; readonly resolved: ResolvedImage };
  /** Puts an image here without waiting, as a machine image brings it (pause). */
  preload(reference: string): void;
}

/** What the service stands on. */
export interface ImageServiceOptions {
  readonly catalogue: Catalogue;
  readonly store: RecordStore<ImageRecord>;
  readonly clock: Clock;
  readonly crypto: Crypto;
}

/** Images that are here: found by id, tag or digest, and put here. */
function localImages({ catalogue, store, crypto }: ImageServiceOptions) {
  const find = (reference: string): ImageRecord | undefined => {
    const byId = store.get(reference);
    if (byId) return byId;
    let name: string;
    try {
      name = formatReference(parseReference(reference));
    } catch {
      // What is no reference names no image; the pull says what is wrong with it.
      return undefined;
    }
    const withoutTag = name.replace(/:[^/@]+@/, '@');
    return store.list().find((record) => record.repoTags.includes(name) || record.repoDigests.includes(withoutTag));
  };
  const keep = (reference: string): ImageRecord => {
    const resolved = catalogue.resolve(reference, crypto);
    const parsed = parseReference(reference);
    const id = configDigest(crypto, resolved);
    const known = store.get(id);
    const tags = new Set(known?.repoTags ?? []);
    const repository = repositoryOf(parsed);
    if (parsed.tag !== undefined && parsed.digest === undefined) {
      const tag = `${repository}:${parsed.tag}`;
      // A tag names one image: what had it before keeps only its digest.
      for (const other of store.list())
        if (other.id !== id && other.repoTags.includes(tag))
          store.put({ ...other, repoTags: other.repoTags.filter((held) => held !== tag) });
      tags.add(tag);
    }
    const record: ImageRecord = {
      id,
      repoTags: [...tags].sort(),
      repoDigests: [`${repository}@${manifestDigest(crypto, resolved)}`],
      sizeBytes: sizeOf(resolved),
      uid: resolved.image.uid ?? 0,
      ...(resolved.image.isSimulated ? { annotations: { [ANNOTATION_SIMULATED]: 'true' } } : {}),
    };
    store.put(record);
    return record;
  };
  return { find, keep };
}

/** Makes the image service. */
export function createImageService(options: ImageServiceOptions): ImageService {
  const { catalogue, store, clock, crypto } = options;
  const { find, keep } = localImages(options);
  const pulling = new Map<string, Promise<string>>();
  const pull = async (reference: string): Promise<string> => {
    const resolved = catalogue.resolve(reference, crypto);
    const known = store.get(configDigest(crypto, resolved));
    // Layers that are here are not sent again; the registry is asked nevertheless.
    await clock.sleep(known ? Math.min(pullDurationMs(resolved), 250) : pullDurationMs(resolved));
    return keep(reference).id;
  };
  return {
    require(reference) {
      const record = find(reference);
      if (!record) throw new RpcError('NotFound', `failed to get image from containerd "${reference}": image "${reference}": not found`);
      return { record, resolved: catalogue.resolve(record.repoTags[0] ?? record.repoDigests[0]!, crypto) };
    },
    preload: (reference) => void (find(reference) ?? keep(reference)),
    unary: {
      'Image/ListImages': async () => ({ images: store.list() satisfies CriImage[] }),
      'Image/ImageStatus': async ({ image }: ImageRequest) => {
        const record = find(image);
        return record ? { image: record } : {};
      },
      'Image/PullImage': async ({ image }: ImageRequest) => {
        const running = pulling.get(image);
        if (running) return { imageRef: await running };
        const started = pull(image);
        pulling.set(image, started);
        try {
          return { imageRef: await started };
        } finally {
          pulling.delete(image);
        }
      },
      'Image/RemoveImage': async ({ image }: ImageRequest) => {
        const record = find(image);
        if (record) store.remove(record.id);
        return {};
      },
    },
  };
}
