/** Differences as recorded of a real server: changed fields, their neighbours, and how many more there are. */
import { describe, expect, it } from 'vitest';
import type { PodSpec } from '#api';
import { claimSpecDifference as claimDifference, podSpecDifference as podDifference } from '../../../src/api/core/pod-difference.ts';

/** The blanks of these texts are of the kind that does not break. */
const plain = (text: string): string => text.replaceAll('\u00a0', ' ');
const podSpecDifference = (before: PodSpec, now: PodSpec): string => plain(podDifference(before, now));
const claimSpecDifference = (before: object, now: object): string => plain(claimDifference(before, now));

const volume = {
  name: 'kube-api-access-lc5fp',
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
    ],
    defaultMode: 420,
  },
};
const mount = { name: 'kube-api-access-lc5fp', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' };
const toleration = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 } as const;
const spec = (more: object = {}, container: object = {}): PodSpec => ({
  volumes: [volume],
  containers: [
    {
      name: 'fixed',
      image: 'nginx',
      resources: {},
      volumeMounts: [mount],
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
      imagePullPolicy: 'Always',
      ...container,
    },
  ],
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  serviceAccountName: 'default',
  serviceAccount: 'default',
  nodeName: 'worker-1',
  securityContext: {},
  schedulerName: 'default-scheduler',
  tolerations: [toleration],
  priority: 0,
  enableServiceLinks: true,
  preemptionPolicy: 'PreemptLowerPriority',
  ...more,
});

describe('the difference of pod specs', () => {
  it('of a container field shows the list it is in, its neighbours and the count of the others', () => {
    expect(podSpecDifference(spec(), spec({}, { command: ['sleep'] }))).toBe(
      [
        '  core.PodSpec{',
        '  \tVolumes:        {{Name: "kube-api-access-lc5fp", VolumeSource: {Projected: &{Sources: {{ServiceAccountToken: &{ExpirationSeconds: 3607, Path: "token"}}, {ConfigMap: &{LocalObjectReference: {Name: "kube-root-ca.crt"}, Items: {{Key: "ca.crt", Path: "ca.crt"}}}}, {DownwardAPI: &{Items: {{Path: "namespace", FieldRef: &{APIVersion: "v1", FieldPath: "metadata.namespace"}}}}}}, DefaultMode: &420}}}},',
        '  \tInitContainers: nil,',
        '  \tContainers: []core.Container{',
        '  \t\t{',
        '  \t\t\tName:       "fixed",',
        '  \t\t\tImage:      "nginx",',
        '- \t\t\tCommand:    nil,',
        '+ \t\t\tCommand:    []string{"sleep"},',
        '  \t\t\tArgs:       nil,',
        '  \t\t\tWorkingDir: "",',
        '  \t\t\t... // 19 identical fields',
        '  \t\t},',
        '  \t},',
        '  \tEphemeralContainers: nil,',
        '  \tRestartPolicy:       "Always",',
        '  \t... // 29 identical fields',
        '  }',
        '',
      ].join('\n'),
    );
  });

  it('of a text shows two fields before and after it', () => {
    expect(podSpecDifference(spec(), spec({ nodeName: 'control-plane' }))).toBe(
      [
        '  core.PodSpec{',
        '  \t... // 9 identical fields',
        '  \tServiceAccountName:           "default",',
        '  \tAutomountServiceAccountToken: nil,',
        '- \tNodeName:                     "worker-1",',
        '+ \tNodeName:                     "control-plane",',
        '  \tSecurityContext:              &{},',
        '  \tImagePullSecrets:             nil,',
        '  \t... // 20 identical fields',
        '  }',
        '',
      ].join('\n'),
    );
  });

  it('shows what was removed in full as far as it fits, and what nothing came instead of', () => {
    const { nodeName, serviceAccountName, volumes, ...rest } = spec({}, { volumeMounts: undefined });
    const text = podSpecDifference(spec(), rest as PodSpec);
    expect(text).toBe(
      [
        '  core.PodSpec{',
        '- \tVolumes: []core.Volume{',
        '- \t\t{',
        '- \t\t\tName:         "kube-api-access-lc5fp",',
        '- \t\t\tVolumeSource: core.VolumeSource{Projected: &core.ProjectedVolumeSource{...}},',
        '- \t\t},',
        '- \t},',
        '+ \tVolumes:        nil,',
        '  \tInitContainers: nil,',
        '  \tContainers: []core.Container{',
        '  \t\t{',
        '  \t\t\t... // 9 identical fields',
        '  \t\t\tResizePolicy:  nil,',
        '  \t\t\tRestartPolicy: nil,',
        '- \t\t\tVolumeMounts: []core.VolumeMount{',
        '- \t\t\t\t{',
        '- \t\t\t\t\tName:      "kube-api-access-lc5fp",',
        '- \t\t\t\t\tReadOnly:  true,',
        '- \t\t\t\t\tMountPath: "/var/run/secrets/kubernetes.io/serviceaccount",',
        '- \t\t\t\t},',
        '- \t\t\t},',
        '+ \t\t\tVolumeMounts:  nil,',
        '  \t\t\tVolumeDevices: nil,',
        '  \t\t\tLivenessProbe: nil,',
        '  \t\t\t... // 10 identical fields',
        '  \t\t},',
        '  \t},',
        '  \tEphemeralContainers: nil,',
        '  \tRestartPolicy:       "Always",',
        '  \t... // 2 identical fields',
        '  \tDNSPolicy:                    "ClusterFirst",',
        '  \tNodeSelector:                 nil,',
        '- \tServiceAccountName:           "default",',
        '+ \tServiceAccountName:           "",',
        '  \tAutomountServiceAccountToken: nil,',
        '- \tNodeName:                     "worker-1",',
        '+ \tNodeName:                     "",',
        '  \tSecurityContext:              &{},',
        '  \tImagePullSecrets:             nil,',
        '  \t... // 20 identical fields',
        '  }',
        '',
      ].join('\n'),
    );
  });

  it('of what shares namespaces is told of the security context', () => {
    expect(podSpecDifference(spec(), spec({ hostNetwork: true }))).toContain(
      [
        '  \tSecurityContext: &core.PodSecurityContext{',
        '- \t\tHostNetwork: false,',
        '+ \t\tHostNetwork: true,',
        '  \t\tHostPID:     false,',
      ].join('\n'),
    );
  });

  it('of elements shows the changed ones among the others', () => {
    const [before, after] = [spec({}, { command: ['sh', '-c', 'a'] }), spec({}, { command: ['sh', '-c', 'b'] })];
    expect(podSpecDifference(before, after)).toContain(
      ['  \t\t\tCommand: []string{', '  \t\t\t\t"sh",', '  \t\t\t\t"-c",', '- \t\t\t\t"a",', '+ \t\t\t\t"b",', '  \t\t\t},'].join('\n'),
    );
  });
});

describe('the difference of claim specs', () => {
  it('names the type of the modes and shows quantities by their parts', () => {
    const claim = (mode: string) => ({ accessModes: [mode], resources: { requests: { storage: '1Gi' } }, storageClassName: 'standard' });
    expect(claimSpecDifference(claim('ReadWriteOnce'), claim('ReadWriteMany'))).toBe(
      [
        '  core.PersistentVolumeClaimSpec{',
        '- \tAccessModes: []core.PersistentVolumeAccessMode{"ReadWriteOnce"},',
        '+ \tAccessModes: []core.PersistentVolumeAccessMode{"ReadWriteMany"},',
        '  \tSelector:    nil,',
        '  \tResources:   {Requests: {s"storage": {i: {...}, s: "1Gi", Format: "BinarySI"}}},',
        '  \t... // 6 identical fields',
        '  }',
        '',
      ].join('\n'),
    );
  });
});
