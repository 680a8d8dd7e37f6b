/** The frame of kubeadm's static pod manifests: labels, host network, priority, host path volumes, probes. */
import { stringify } from 'yaml';
import type { PhaseFile } from '../cluster-configuration.ts';

/** A probe as kubeadm writes it. */
export interface HttpProbe {
  readonly path: string;
  readonly port: number | string;
  readonly scheme: 'HTTP' | 'HTTPS';
  readonly host: string;
}

/** What differs between the four manifests. */
export interface StaticPod {
  readonly component: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly cpu: string;
  readonly memory?: string;
  readonly liveness: HttpProbe;
  readonly readiness?: HttpProbe;
  readonly startup: HttpProbe;
  readonly startupFailures?: number;
  readonly ports?: readonly { readonly containerPort: number; readonly name: string }[];
  readonly volumes: readonly { readonly name: string; readonly path: string; readonly type: 'DirectoryOrCreate' | 'FileOrCreate'; readonly readOnly: boolean }[];
}

const httpGet = ({ host, path, port, scheme }: HttpProbe): object => ({ host, path, port, scheme });

/** Flags in kubeadm's order: sorted by name, `--name=value`. */
export const flagWords = (flags: Readonly<Record<string, string>>): string[] =>
  Object.keys(flags)
    .sort()
    .map((name) => `--${name}=${flags[name]}`);

/** The manifest file of a component. */
export function staticPodManifest(pod: StaticPod): PhaseFile {
  const manifest = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...(pod.annotations ? { annotations: pod.annotations } : {}), labels: { component: pod.component, tier: 'control-plane' }, name: pod.component, namespace: 'kube-system' },
    spec: {
      containers: [
        {
          command: pod.command,
          image: pod.image,
          imagePullPolicy: 'IfNotPresent',
          livenessProbe: { failureThreshold: 8, httpGet: httpGet(pod.liveness), initialDelaySeconds: 10, periodSeconds: 10, timeoutSeconds: 15 },
          name: pod.component,
          ...(pod.ports ? { ports: pod.ports.map((port) => ({ ...port, protocol: 'TCP' })) } : {}),
          ...(pod.readiness ? { readinessProbe: { failureThreshold: 3, httpGet: httpGet(pod.readiness), periodSeconds: 1, timeoutSeconds: 15 } } : {}),
          resources: { requests: { cpu: pod.cpu, ...(pod.memory ? { memory: pod.memory } : {}) } },
          startupProbe: { failureThreshold: pod.startupFailures ?? 24, httpGet: httpGet(pod.startup), initialDelaySeconds: 10, periodSeconds: 10, timeoutSeconds: 15 },
          volumeMounts: pod.volumes.map(({ name, path, readOnly }) => ({ mountPath: path, name, ...(readOnly ? { readOnly: true } : {}) })),
        },
      ],
      hostNetwork: true,
      priority: 2_000_001_000,
      priorityClassName: 'system-node-critical',
      securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
      volumes: pod.volumes.map(({ name, path, type }) => ({ hostPath: { path, type }, name })),
    },
  };
  return { content: `${stringify(manifest, { lineWidth: 0, indentSeq: false })}status: {}\n`, mode: 0o600 };
}
