/** The front door of controllers: kube-controller-manager as a program, and its controllers in the order a teacher would choose. */
import type { Program } from '#host';
import { bootstrapSigner } from './bootstrap-signer.ts';
import { certificateSigning } from './certificate-signing.ts';
import { cronjobController } from './cronjob/index.ts';
import { daemonsetController } from './daemonset.ts';
import { deploymentController } from './deployment.ts';
import { endpointSliceController } from './endpointslice.ts';
import { endpointsController } from './endpoints.ts';
import { garbageCollectorController } from './garbage-collector.ts';
import { horizontalPodAutoscalerController } from './podautoscaler/index.ts';
import { jobController } from './job/job.ts';
import { controllerManager } from './manager.ts';
import { namespaceController } from './namespace.ts';
import { nodeIpamController } from './node-ipam.ts';
import { nodeLifecycleController } from './node-lifecycle.ts';
import { claimProtection, localPathProvisioner, persistentVolumeBinder, volumeProtection } from './persistentvolume/index.ts';
import { podGarbageCollector } from './pod-garbage-collector.ts';
import { replicasetController } from './replicaset.ts';
import { resourceQuotaController } from './resourcequota/index.ts';
import { rootCaCertificatePublisher } from './root-ca-certificate-publisher.ts';
import { serviceAccountController } from './service-account.ts';
import { statefulsetController } from './statefulset/index.ts';
import { taintEvictionController } from './taint-eviction.ts';
import { tokenCleaner } from './token-cleaner.ts';
import { ttlAfterFinishedController } from './ttl-after-finished.ts';
import type { ManagerController } from './settings.ts';

export type { ControllerSettings, ManagerContext, ManagerController } from './settings.ts';

/** Every controller of kube-controller-manager. */
export const controllers: readonly ManagerController[] = Object.freeze([
  serviceAccountController,
  rootCaCertificatePublisher,
  namespaceController,
  nodeIpamController,
  nodeLifecycleController,
  taintEvictionController,
  podGarbageCollector,
  garbageCollectorController,
  replicasetController,
  deploymentController,
  daemonsetController,
  statefulsetController,
  jobController,
  cronjobController,
  horizontalPodAutoscalerController,
  ttlAfterFinishedController,
  endpointsController,
  endpointSliceController,
  persistentVolumeBinder,
  claimProtection,
  volumeProtection,
  localPathProvisioner,
  resourceQuotaController,
  certificateSigning,
  bootstrapSigner,
  tokenCleaner,
]);

/** kube-controller-manager. Ends with 0 after SIGTERM, with 1 when it lost its Lease or could not start. */
export const kubeControllerManager: Program = controllerManager(controllers);
