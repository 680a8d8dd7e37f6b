/** What every part of one kubelet stands on. */
import type { ConfigMap, PersistentVolume, Pod, Secret, Service } from '#api';
import type { EventRecorder, RestClient } from '#client';
import type { Process } from '#host';
import type { KubeletSettings } from './configuration.ts';
import type { CriClient } from './cri-client.ts';

/** Reads of the API that pods need. Reject with StatusError or RequestError. */
export interface ApiReader {
  configMap(namespace: string, name: string): Promise<ConfigMap>;
  secret(namespace: string, name: string): Promise<Secret>;
  /** A token bound to a pod, the same until it is time for another. */
  token(pod: Pod, request: { readonly audience?: string; readonly expirationSeconds?: number }): Promise<string>;
  /** The volume a claim is bound to. Rejects with an Error while it is not bound. */
  volumeOfClaim(namespace: string, name: string): Promise<PersistentVolume>;
  /** Services as last seen; undefined while they have never been listed. */
  services(): Promise<readonly Service[] | undefined>;
  /** A pod is gone; what only it named is not watched any more. `rest` are the pods of the node that stay. */
  forget(uid: string, rest: Iterable<Pod>): void;
}

/** One kubelet's surroundings. */
export interface KubeletContext {
  readonly process: Process;
  readonly settings: KubeletSettings;
  readonly cri: CriClient;
  /** Undefined in standalone mode. */
  readonly client: RestClient | undefined;
  readonly api: ApiReader | undefined;
  readonly recorder: EventRecorder;
}

/** The directory of a pod's volumes and files. */
export function podDirectory(uid: string): string {
  return `/var/lib/kubelet/pods/${uid}`;
}

/** `web_default(uid)`, as messages name a pod. */
export function formatPod(pod: Pod): string {
  return `${pod.metadata.name}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid ?? ''})`;
}
