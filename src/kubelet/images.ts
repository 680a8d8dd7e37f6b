/** Images for containers: pull policy, pulls with their events, and the back-off after failures (the kubelet's image manager; parallel pulls, no credentials). */
import type { Container, Pod } from '#api';
import { formatDuration } from '#apimachinery';
import type { EventSubject, EventType } from '#client';
import { RpcError } from '#host';
import { keyedBackOff } from './back-off.ts';
import type { KubeletContext } from './context.ts';
import { rpcText } from './cri-client.ts';

/** Why a container waits for its image: `reason` is that of state.waiting. */
export class ImageError extends Error {
  constructor(
    readonly reason: 'ErrImagePull' | 'ImagePullBackOff' | 'InvalidImageName' | 'ErrImageNeverPull' | 'ImageInspectError',
    message: string,
    /** When to try again at the earliest, from now. */
    readonly retryMs: number,
  ) {
    super(message);
  }
}

/** Sees to it that images are here. */
export interface Images {
  /** Answers the reference to create the container with. Rejects with ImageError. */
  ensure(pod: Pod, container: Container, subject: EventSubject): Promise<string>;
}

/** Images with it stand in for software the lab has no program for. */
const ANNOTATION_SIMULATED = 'tabernetes.dev/simulated';
const INITIAL_BACK_OFF_MS = 10_000;
const MAX_BACK_OFF_MS = 300_000;

/** `Always` for the tag latest or none, as the API server's defaulting has it (static pods come here without). */
export function pullPolicyOf(container: Container): string {
  if (container.imagePullPolicy) return container.imagePullPolicy;
  const image = container.image ?? '';
  const name = image.slice(image.lastIndexOf('/') + 1);
  return name.includes('@') || (name.includes(':') && !name.endsWith(':latest')) ? 'IfNotPresent' : 'Always';
}

const REFERENCE =
  /^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::\d+)?\/)?[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*(?::\w[\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*:[0-9a-fA-F]{32,})?$/;

/** Why a text names no image, in the words of distribution/reference; undefined: it does. */
export function referenceProblem(image: string): string | undefined {
  const [, path = image] = /^(?:[^/]*[.:][^/]*\/|localhost\/)?([^:@]*)/.exec(image) ?? [];
  if (path !== path.toLowerCase())
    return `invalid reference format: repository name (${path.includes('/') ? path : `library/${path}`}) must be lowercase`;
  return REFERENCE.test(image) ? undefined : 'invalid reference format';
}

/** The image manager of a kubelet. */
export function createImages({ process, cri, recorder }: KubeletContext): Images {
  const { clock } = process;
  const backOff = keyedBackOff(clock, INITIAL_BACK_OFF_MS, MAX_BACK_OFF_MS);
  const lastErrors = new Map<string, { message: string; atMs: number }>();
  const pull = async (pod: Pod, image: string, tell: (type: EventType, reason: string, message: string) => void): Promise<string> => {
    const key = `${pod.metadata.uid}_${image}`;
    const last = lastErrors.get(key);
    const waitMs = last ? backOff.remainingMs(key, last.atMs) : 0;
    if (waitMs > 0) {
      const message = `Back-off pulling image "${image}"`;
      tell('Normal', 'BackOff', message);
      throw new ImageError('ImagePullBackOff', `${message}: ErrImagePull: ${last!.message}`, waitMs);
    }
    tell('Normal', 'Pulling', `Pulling image "${image}"`);
    const startedMs = clock.monotonicMs();
    try {
      await cri.pullImage(image);
    } catch (error) {
      const message = rpcText(error, true);
      backOff.next(key);
      lastErrors.set(key, { message, atMs: clock.wallMs() });
      tell('Warning', 'Failed', `Failed to pull image "${image}": ${message}`);
      tell('Warning', 'Failed', 'Error: ErrImagePull');
      throw new ImageError('ErrImagePull', message, backOff.remainingMs(key, clock.wallMs()));
    }
    lastErrors.delete(key);
    const took = formatDuration(Math.round(clock.monotonicMs() - startedMs));
    const here = await cri.imageStatus(image);
    tell(
      'Normal',
      'Pulled',
      `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${here?.sizeBytes ?? 0} bytes.`,
    );
    if (here?.annotations?.[ANNOTATION_SIMULATED])
      tell('Normal', 'SimulatedImage', `The lab has no program for the image "${image}": a generic server stands in for it`);
    return image;
  };
  return {
    async ensure(pod, container, subject) {
      const image = container.image ?? '';
      const tell = (type: EventType, reason: string, message: string): void => recorder.event(subject, type, reason, message);
      const policy = pullPolicyOf(container);
      let isHere: boolean;
      try {
        isHere = (await cri.imageStatus(image)) !== undefined;
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        const message = `Failed to inspect image "${image}": ${rpcText(error)}`;
        tell('Warning', 'InspectFailed', message);
        throw new ImageError('ImageInspectError', message, INITIAL_BACK_OFF_MS);
      }
      const problem = referenceProblem(image);
      if (problem !== undefined) {
        const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": ${problem}`;
        tell('Warning', 'InspectFailed', message);
        throw new ImageError('InvalidImageName', message, INITIAL_BACK_OFF_MS);
      }
      if (policy === 'Never' && !isHere) {
        const message = `Container image "${image}" is not present with pull policy of Never`;
        tell('Warning', 'ErrImageNeverPull', message);
        throw new ImageError('ErrImageNeverPull', message, INITIAL_BACK_OFF_MS);
      }
      if (isHere && policy !== 'Always') {
        tell('Normal', 'Pulled', `Container image "${image}" already present on machine`);
        return image;
      }
      return pull(pod, image, tell);
    },
  };
}
