/** Where the kinds that run pods keep their pod template. */

/** Path of the pod spec by kind. */
export const podSpecPaths: Readonly<Record<string, string>> = {
  Pod: 'spec',
  PodTemplate: 'template/spec',
  Deployment: 'spec/template/spec',
  ReplicaSet: 'spec/template/spec',
  ReplicationController: 'spec/template/spec',
  DaemonSet: 'spec/template/spec',
  StatefulSet: 'spec/template/spec',
  Job: 'spec/template/spec',
  CronJob: 'spec/jobTemplate/spec/template/spec',
};

/** Kinds whose pod template has metadata of its own: the path of it. */
export const templateMetadataPaths: readonly (readonly [kind: string, path: string])[] = [
  ['ReplicationController', 'spec/template/metadata'],
  ['Deployment', 'spec/template/metadata'],
  ['ReplicaSet', 'spec/template/metadata'],
  ['DaemonSet', 'spec/template/metadata'],
  ['StatefulSet', 'spec/template/metadata'],
  ['Job', 'spec/template/metadata'],
  ['CronJob', 'spec/jobTemplate/metadata'],
  ['CronJob', 'spec/jobTemplate/spec/template/metadata'],
];
