/** What the flags of kube-controller-manager tell its controllers. */
import type { Controller, ControllerContext } from '#client';

/** Settings from flags. */
export interface ControllerSettings {
  readonly clusterName: string;
  /** PEM text of `--root-ca-file`; '' without. */
  readonly rootCa: string;
  readonly allocateNodeCidrs: boolean;
  readonly clusterCidr: string;
  readonly nodeCidrMaskSize: number;
  readonly nodeMonitorPeriodMs: number;
  readonly nodeMonitorGracePeriodMs: number;
  readonly nodeStartupGracePeriodMs: number;
  readonly terminatedPodThreshold: number;
  /** File names of `--cluster-signing-cert-file` and `--cluster-signing-key-file`; '' without. */
  readonly clusterSigningCertFile: string;
  readonly clusterSigningKeyFile: string;
}

/** The context of kube-controller-manager's controllers. */
export type ManagerContext = ControllerContext<ControllerSettings>;
/** A controller of kube-controller-manager. */
export type ManagerController = Controller<ControllerSettings>;
