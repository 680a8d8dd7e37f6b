/**
 * containerd 2.1 with its CRI plug-in: sandboxes, containers and images of one machine, served on a loopback port. Restarted,
 * it finds what runs through its records and the shims; after a power cut everything that ran has ended. No namespaces but k8s.io.
 */
import { RpcError, serveRpc, type Process, type Program, type RpcClient, type RpcService, type RpcStream } from '#host';
import type { Catalogue } from './catalogue.ts';
import type { Cni } from './cni.ts';
import { createContainerService, type ContainerService } from './container-service.ts';
import type { ContainerEvent, PodSandboxFilter, StatusResponse, VersionResponse } from './cri-types.ts';
import { withSpans } from './cri-spans.ts';
import { createEventStream } from './event-stream.ts';
import { createImageService, type ImageRecord } from './image-service.ts';
import { lifecyclePublisher } from './lifecycle-publisher.ts';
import { openRecordStore } from './record-store.ts';
import type { ContainerRecord, SandboxRecord } from './records.ts';
import { createSandboxService } from './sandbox-service.ts';
import { createShims } from './shims.ts';
import { createStreamingService } from './streaming-service.ts';

/** Port the CRI is served on, 127.0.0.1 only; stands for unix:///run/containerd/containerd.sock. */
export const CRI_PORT = 10010;

/** The image of the container that holds a sandbox. */
export const PAUSE_IMAGE = 'registry.k8s.io/pause:3.10';

const STATE_DIRECTORY = '/var/lib/containerd/io.containerd.grpc.v1.cri';

/** Opens what containerd keeps on its disk. Each change is synced; a disk that takes nothing any more is told of in the log, and the record stays in memory until it does. */
const openStores = (files: Process['files'], telemetry: Process['telemetry']) => {
  const onTorn = (path: string): void => telemetry.log('warning', `dropped the unreadable record ${path}`);
  const written = (): void => {
    files
      .sync()
      .catch((error: unknown) =>
        telemetry.log('warning', `metadata not synced: ${error instanceof Error ? error.message : String(error)}`),
      );
  };
  return {
    sandboxStore: openRecordStore<SandboxRecord>(files, `${STATE_DIRECTORY}/sandboxes`, onTorn, written),
    containerStore: openRecordStore<ContainerRecord>(files, `${STATE_DIRECTORY}/containers`, onTorn, written),
    imageStore: openRecordStore<ImageRecord>(files, `${STATE_DIRECTORY}/images`, onTorn, written),
  };
};

/** Makes containerd's program. `cni` executes the network plug-ins. Ends with TERM (containers go on) or when its port is taken (1). */
export function containerd(catalogue: Catalogue, cni: Cni): Program {
  return async (process) => {
    const { kernel, telemetry, files, clock } = process;
    if (!kernel) {
      await process.stderr.write('containerd: must be run as root\n');
      return 1;
    }
    const { sandboxStore, containerStore, imageStore } = openStores(files, telemetry);
    const events = createEventStream();
    const emit = (type: ContainerEvent['type'], containerId: string, podSandboxId: string): void =>
      events.emit({
        type,
        containerId,
        podSandboxId,
        podUid: sandboxStore.get(podSandboxId)?.config.metadata.uid ?? '',
        createdAt: clock.wallMs(),
      });
    const shims = createShims(process, kernel, catalogue);
    const images = createImageService({ catalogue, store: imageStore, clock, crypto: process.crypto });
    const lifecycle = lifecyclePublisher(process);

    const containers: ContainerService = createContainerService({
      process,
      store: containerStore,
      images,
      shims,
      sandboxOf: (id) => sandboxes.require(id),
      emit(type, id, sandboxId) {
        if (type === 'CONTAINER_DELETED_EVENT') lifecycle.removed(id);
        emit(type, id, sandboxId);
      },
      onRecord: (record) => lifecycle.changed(record, sandboxStore.get(record.podSandboxId)),
    });
    const follow = (sandbox: SandboxRecord): void =>
      shims.follow(
        sandbox,
        (state) => {
          if (state.containerId === sandbox.id && state.state === 'stopped') sandboxes.markNotReady(sandbox.id);
          else containers.onTask(state);
        },
        () => {
          containers.markLost(sandbox.id);
          sandboxes.markNotReady(sandbox.id);
        },
      );
    const sandboxes = createSandboxService({
      process,
      kernel,
      cni,
      shims,
      store: sandboxStore,
      images,
      pauseImage: PAUSE_IMAGE,
      stopContainers: async (id) => void (await Promise.all(containers.ofSandbox(id).map((record) => containers.stop(record.id, 0)))),
      removeContainers: async (id) => void (await Promise.all(containers.ofSandbox(id).map((record) => containers.remove(record.id)))),
      follow,
      emit,
    });
    const shimOfSandbox = (id: string): RpcClient => {
      const client = shims.client(sandboxes.require(id));
      if (!client) throw new RpcError('Unavailable', `sandbox ${id} is not running`);
      return client;
    };
    const streaming = createStreamingService({
      clock,
      shimOfSandbox,
      shimOfContainer: (id) => shimOfSandbox(containers.require(id).podSandboxId),
    });

    recover(
      sandboxStore.list(),
      (record) => shims.client(record) !== undefined,
      follow,
      (id) => {
        containers.markLost(id);
        sandboxes.markNotReady(id);
      },
    );
    const own: RpcService = {
      unary: {
        'Runtime/ListPodStatuses': async ({ labels }: PodSandboxFilter) => ({
          sandboxes: sandboxes.statuses(labels),
          containers: containers.statuses(labels),
        }),
        'Runtime/Version': async () => VERSION,
        'Runtime/Status': async () => statusOf(cni.isConfigured({ files, kernel })),
      },
      streaming: { 'Runtime/GetContainerEvents': (stream: RpcStream<never, ContainerEvent>) => events.serve(stream) },
    };
    const service = withSpans(joined([own, sandboxes, containers, images, streaming]), telemetry, {
      sandbox: (id) => sandboxStore.get(id),
      container: (id) => containerStore.get(id),
    });
    const ended = new Promise<number>((resolve) => process.onSignal('TERM', () => resolve(0)));
    await process.network.listen(CRI_PORT, { address: '127.0.0.1' }, (connection) => serveRpc(connection, service));
    telemetry.log('info', `serving... address=/run/containerd/containerd.sock`);
    telemetry.lifecycle('containerd', 'running');
    return ended;
  };
}

const VERSION: VersionResponse = Object.freeze({
  version: '0.1.0',
  runtimeName: 'containerd',
  runtimeVersion: 'v2.1.1',
  runtimeApiVersion: 'v1',
});

/** One service of several. */
function joined(services: readonly RpcService[]): RpcService {
  return {
    unary: Object.assign({}, ...services.map(({ unary }) => unary)) as RpcService['unary'],
    streaming: Object.assign({}, ...services.map(({ streaming }) => streaming)) as RpcService['streaming'],
  };
}

/** What a containerd that comes up makes of its records: live shims are followed, the rest has ended. */
function recover(
  records: readonly SandboxRecord[],
  isAlive: (record: SandboxRecord) => boolean,
  follow: (record: SandboxRecord) => void,
  lost: (id: string) => void,
): void {
  for (const record of records) {
    if (isAlive(record)) follow(record);
    else lost(record.id);
  }
}

function statusOf(isNetworkReady: boolean): StatusResponse {
  return {
    conditions: [
      { type: 'RuntimeReady', status: true, reason: '', message: '' },
      isNetworkReady
        ? { type: 'NetworkReady', status: true, reason: '', message: '' }
        : {
            type: 'NetworkReady',
            status: false,
            reason: 'NetworkPluginNotReady',
            message: 'Network plugin returns error: cni plugin not initialized',
          },
    ],
  };
}
