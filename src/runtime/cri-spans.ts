/** Spans of the CRI calls that bring a pod up: its sandbox, its images, its containers; with the pod's UID, by which they belong to what came before. */
import type { RpcService, Telemetry } from '#host';
import type { CreateContainerRequest, RunPodSandboxRequest } from './cri-types.ts';
import type { ContainerRecord, SandboxRecord } from './records.ts';

/** What is known of sandboxes and containers by id. */
interface Known {
  sandbox(id: string): SandboxRecord | undefined;
  container(id: string): ContainerRecord | undefined;
}

type Attributes = Record<string, string>;

const ofPod = (metadata: SandboxRecord['config']['metadata'] | undefined): Attributes =>
  metadata ? { 'k8s.pod.uid': metadata.uid, 'k8s.pod.name': metadata.name, 'k8s.namespace.name': metadata.namespace } : {};

/** What each followed method's request is about. */
const followed = (known: Known): Readonly<Record<string, (request: never) => Attributes>> => ({
  'Runtime/RunPodSandbox': ({ config }: RunPodSandboxRequest) => ofPod(config.metadata),
  'Runtime/CreateContainer': ({ podSandboxId, config }: CreateContainerRequest) => ({
    ...ofPod(known.sandbox(podSandboxId)?.config.metadata),
    'k8s.container.name': config.metadata.name,
  }),
  'Runtime/StartContainer': ({ containerId }: { readonly containerId: string }) => {
    const record = known.container(containerId);
    return {
      ...ofPod(record && known.sandbox(record.podSandboxId)?.config.metadata),
      'k8s.container.name': record?.config.metadata.name ?? '',
    };
  },
  'Image/PullImage': ({ image }: { readonly image: string }) => ({ 'container.image.name': image }),
});

/** The service with a span around each of these calls. */
export function withSpans(service: RpcService, telemetry: Telemetry, known: Known): RpcService {
  const traced = Object.entries(followed(known)).flatMap(([method, attributesOf]) => {
    const serve = service.unary[method];
    if (!serve) return [];
    const called: typeof serve = async (request, call) => {
      const span = telemetry.span(method.split('/')[1] ?? method, attributesOf(request), call.traceparent);
      try {
        return await serve(request, call);
      } finally {
        span.end();
      }
    };
    return [[method, called] as const];
  });
  return { ...service, unary: { ...service.unary, ...Object.fromEntries(traced) } };
}
