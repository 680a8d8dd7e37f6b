/** kubectl expose and kubectl autoscale: a service or an autoscaler made for a workload that is there. */
import type { KubeObject, LabelSelector } from '#apimachinery';
import { defineFlag, filenameFlags } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { apiVersionOfResource, goResource } from '../discovery.ts';
import { CommandError } from '../errors.ts';
import { fetchInfos, readTargets, throwCollected, type Info } from '../targets.ts';
import { createGenerated, generatedMetadata, generatorFlags } from './create/generate.ts';

interface Exposable extends KubeObject {
  spec?: {
    selector?: LabelSelector | Record<string, string>;
    ports?: readonly { port: number; protocol?: string }[];
    template?: { spec?: { containers?: readonly { ports?: readonly { containerPort: number; protocol?: string }[] }[] } };
    containers?: readonly { ports?: readonly { containerPort: number; protocol?: string }[] }[];
  };
}

function pairs(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 1) throw new CommandError(`unexpected selector format: ${pair}`);
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}

/** The labels that choose an object's pods. */
function selectorOf(object: Exposable): Record<string, string> {
  const selector = object.spec?.selector;
  if (object.kind === 'Pod') {
    if (!object.metadata.labels || Object.keys(object.metadata.labels).length === 0)
      throw new CommandError(
        `couldn't retrieve selectors via --selector flag or introspection: the pod has no labels and cannot be exposed`,
      );
    return object.metadata.labels;
  }
  if (object.kind === 'Service') {
    if (!selector || Object.keys(selector).length === 0)
      throw new CommandError(`couldn't retrieve selectors via --selector flag or introspection: the service has no pod selector set`);
    return selector as Record<string, string>;
  }
  const { matchLabels, matchExpressions } = (selector ?? {}) as LabelSelector;
  if (matchExpressions?.length)
    throw new CommandError(
      `couldn't retrieve selectors via --selector flag or introspection: couldn't convert expressions - "${JSON.stringify(matchExpressions)}" to map-based selector format`,
    );
  if (!matchLabels || Object.keys(matchLabels).length === 0)
    throw new CommandError(
      `couldn't retrieve selectors via --selector flag or introspection: invalid deployment: no selectors, therefore cannot be exposed`,
    );
  return matchLabels;
}

/** Ports of the object's containers or of the service. */
function portsOf(object: Exposable): { port: number; protocol: string }[] {
  if (object.kind === 'Service') return (object.spec?.ports ?? []).map(({ port, protocol = 'TCP' }) => ({ port, protocol }));
  const containers = object.spec?.template?.spec?.containers ?? object.spec?.containers ?? [];
  return containers.flatMap(({ ports = [] }) => ports.map(({ containerPort, protocol = 'TCP' }) => ({ port: containerPort, protocol })));
}

const EXPOSABLE = ['Pod', 'Service', 'ReplicationController', 'Deployment', 'ReplicaSet'];

function serviceFor({ flags }: Invocation, { object, resource, name }: Info): KubeObject {
  if (!EXPOSABLE.includes(object.kind))
    throw new CommandError(`cannot expose a ${resource.kind}${resource.group ? `.${resource.group}` : ''}`);
  const exposed = object as Exposable;
  const selector = flags.text('selector') ? pairs(flags.text('selector')) : selectorOf(exposed);
  const given = flags
    .text('port')
    .split(',')
    .filter((one) => one !== '');
  const known = portsOf(exposed);
  if (given.length === 0 && known.length === 0) throw new CommandError("couldn't find port via --port flag or introspection");
  const target = flags.text('target-port');
  const targetPort = /^\d+$/.test(target) ? Number(target) : target;
  const wanted = given.length
    ? given.map((port) => ({
        port: Number(port),
        protocol: flags.text('protocol') || known.find((one) => one.port === Number(port))?.protocol || 'TCP',
      }))
    : known;
  const ports = wanted.map(({ port, protocol }, at) => ({
    ...(wanted.length > 1 ? { name: `port-${at + 1}` } : {}),
    port,
    protocol: flags.text('protocol') || protocol,
    targetPort: target === '' ? port : targetPort,
  }));
  const labels = flags.text('labels') ? pairs(flags.text('labels')) : exposed.metadata.labels;
  const clusterIP = flags.text('cluster-ip');
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: generatedMetadata(flags.text('name') || name, labels && Object.keys(labels).length ? { labels } : {}),
    spec: {
      ...(clusterIP ? { clusterIP } : {}),
      ...(flags.text('external-ip') ? { externalIPs: [flags.text('external-ip')] } : {}),
      ...(flags.text('load-balancer-ip') ? { loadBalancerIP: flags.text('load-balancer-ip') } : {}),
      ports,
      selector,
      ...(flags.text('session-affinity') ? { sessionAffinity: flags.text('session-affinity') } : {}),
      ...(flags.text('type') ? { type: flags.text('type') } : {}),
    },
    status: { loadBalancer: {} },
  } as unknown as KubeObject;
}

async function runExpose(invocation: Invocation): Promise<void> {
  const { flags } = invocation;
  // --selector is of the Service, and chooses no objects.
  const choosing = { ...invocation, flags: { ...flags, text: (name: string) => (name === 'selector' ? '' : flags.text(name)) } };
  const { infos, errors } = await fetchInfos(choosing, await readTargets(choosing, { allowCollections: false }));
  throwCollected(errors);
  for (const info of infos) await createGenerated(invocation, serviceFor(invocation, info), undefined, true, 'exposed');
}

const SCALABLE = ['Deployment', 'ReplicaSet', 'StatefulSet', 'ReplicationController'];

async function runAutoscale(invocation: Invocation): Promise<void> {
  const { flags } = invocation;
  if (!flags.given('max')) throw new CommandError('required flag(s) "max" not set');
  const [min, max, cpu] = [flags.number('min'), flags.number('max'), flags.number('cpu-percent')];
  if (max < 1) throw new CommandError(`--max=MAXPODS is required and must be at least 1, max: ${max}`);
  if (max < min) throw new CommandError(`--max=MAXPODS must be larger or equal to --min=MINPODS, max: ${max}, min: ${min}`);
  const { infos, errors } = await fetchInfos(invocation, await readTargets(invocation, { allowCollections: false }));
  throwCollected(errors);
  for (const { object, resource, name } of infos) {
    if (!SCALABLE.includes(object.kind))
      throw new CommandError(
        `cannot autoscale a ${resource.kind}${resource.group ? `.${resource.group}` : ''}: could not find scale subresource for ${goResource(resource)} in discovery information`,
      );
    const metric = { resource: { name: 'cpu', target: { averageUtilization: cpu, type: 'Utilization' } }, type: 'Resource' };
    const autoscaler = {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: generatedMetadata(flags.text('name') || name),
      spec: {
        maxReplicas: max,
        ...(cpu > 0 ? { metrics: [metric] } : {}),
        ...(min > 0 ? { minReplicas: min } : {}),
        scaleTargetRef: { apiVersion: apiVersionOfResource(resource), kind: resource.kind, name },
      },
      status: { currentMetrics: null, desiredReplicas: 0 },
    } as unknown as KubeObject;
    await createGenerated(invocation, autoscaler, undefined, true, 'autoscaled');
  }
}

const withManager = (manager: string): Command['flags'] =>
  generatorFlags.map((flag) => (flag.name === 'field-manager' ? { ...flag, initial: manager } : flag));

/** kubectl expose */
export const expose: Command = {
  name: 'expose',
  short: 'Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service',
  group: 'Basic Commands (Beginner)',
  usage:
    '(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name] [--name=name] [--external-ip=external-ip-of-service] [--type=type] [options]',
  completes: 'resources',
  flags: [
    ...filenameFlags,
    ...withManager('kubectl-expose')!,
    defineFlag(
      'cluster-ip',
      'string',
      "ClusterIP to be assigned to the service. Leave empty to auto-allocate, or set to 'None' to create a headless service.",
    ),
    defineFlag('external-ip', 'string', 'Additional external IP address (not managed by Kubernetes) to accept for the service.'),
    defineFlag('labels', 'string', 'Labels to apply to the service created by this call.', { short: 'l' }),
    defineFlag('load-balancer-ip', 'string', 'IP to assign to the LoadBalancer.'),
    defineFlag('name', 'string', 'The name for the newly created object.'),
    defineFlag('port', 'string', 'The port that the service should serve on. Copied from the resource being exposed, if unspecified'),
    defineFlag('protocol', 'string', "The network protocol for the service to be created. Default is 'TCP'."),
    defineFlag('selector', 'string', 'A label selector to use for this service. Only equality-based selector requirements are supported.'),
    defineFlag(
      'session-affinity',
      'string',
      "If non-empty, set the session affinity for the service to this; legal values: 'None', 'ClientIP'",
    ),
    defineFlag(
      'target-port',
      'string',
      'Name or number for the port on the container that the service should direct traffic to. Optional.',
    ),
    defineFlag('type', 'string', 'Type for this service: ClusterIP, NodePort, LoadBalancer, or ExternalName.'),
  ],
  run: runExpose,
};

/** kubectl autoscale */
export const autoscale: Command = {
  name: 'autoscale',
  short: 'Auto-scale a deployment, replica set, stateful set, or replication controller',
  group: 'Deploy Commands',
  usage: '(-f FILENAME | TYPE NAME | TYPE/NAME) [--min=MINPODS] --max=MAXPODS [--cpu-percent=CPU] [options]',
  completes: 'resources',
  flags: [
    ...filenameFlags,
    ...withManager('kubectl-autoscale')!,
    defineFlag('cpu-percent', 'int', 'The target average CPU utilization (represented as a percent of requested CPU) over all the pods.', {
      initial: '-1',
    }),
    defineFlag('max', 'int', 'The upper limit for the number of pods that can be set by the autoscaler. Required.', { initial: '-1' }),
    defineFlag('min', 'int', 'The lower limit for the number of pods that can be set by the autoscaler.', { initial: '-1' }),
    defineFlag('name', 'string', 'The name for the newly created object.'),
  ],
  run: runAutoscale,
};
