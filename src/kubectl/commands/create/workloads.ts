/** kubectl create namespace, serviceaccount, deployment, job, cronjob, service. */
import type { KubeObject } from '#apimachinery';
import { defineFlag } from '../../common-flags.ts';
import type { Command, Invocation } from '../../command.ts';
import { pathOf } from '../../discovery.ts';
import { CommandError } from '../../errors.ts';
import { commandArgument, generatedMetadata, generator, nameArgument } from './generate.ts';

const imageFlags = [defineFlag('image', 'list', 'Image names to run. A deployment can have multiple images set for multi-container pod.')];

/** The container name an image gives: its last part without tag or digest. */
export function containerName(image: string): string {
  return image
    .slice(image.lastIndexOf('/') + 1)
    .replace(/[@:].*$/, '')
    .replace(/[^a-zA-Z0-9-]/g, '-');
}

function imagesOf(invocation: Invocation): readonly string[] {
  const images = invocation.flags.list('image');
  if (images.length === 0) throw new CommandError(`required flag(s) "image" not set`);
  return images;
}

function buildDeployment(invocation: Invocation): KubeObject {
  const { flags } = invocation;
  const name = nameArgument(invocation);
  const images = imagesOf(invocation);
  const command = commandArgument(invocation);
  if (images.length > 1 && command.length) throw new CommandError('cannot specify multiple --image options and command');
  const port = flags.number('port');
  const containers = images.map((image) => ({
    image,
    name: containerName(image),
    ...(command.length ? { command } : {}),
    ...(port > 0 ? { ports: [{ containerPort: port }] } : {}),
    resources: {},
  }));
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: generatedMetadata(name, { labels }),
    spec: {
      replicas: flags.number('replicas'),
      selector: { matchLabels: labels },
      strategy: {},
      template: { metadata: { creationTimestamp: null, labels }, spec: { containers } },
    },
    status: {},
  } as unknown as KubeObject;
}

async function buildJob(invocation: Invocation): Promise<KubeObject> {
  const { flags, session } = invocation;
  const name = nameArgument(invocation);
  const from = flags.text('from');
  if ((from === '') === (flags.text('image') === '')) throw new CommandError('either --image or --from must be specified');
  if (from) {
    if (commandArgument(invocation).length > 0) throw new CommandError('cannot specify --from and command');
    const [word = '', source] = from.split('/');
    const resource = await session.discovery.resourceOf(word);
    if (source === undefined) throw new CommandError('resource(s) were provided, but no name was specified');
    if (resource.kind !== 'CronJob') {
      await session.json({ method: 'GET', path: pathOf(resource, session.namespace, source) });
      throw new CommandError(`unknown object type *${resource.version}.${resource.kind}`);
    }
    const cronJob = await session.json<
      KubeObject & { spec: { jobTemplate: { metadata?: { annotations?: object; labels?: object }; spec: object } } }
    >({ method: 'GET', path: `/apis/batch/v1/namespaces/${session.namespace}/cronjobs/${from.split('/')[1]!}` });
    const { metadata = {}, spec } = cronJob.spec.jobTemplate;
    return {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: generatedMetadata(name, {
        annotations: { ...metadata.annotations, 'cronjob.kubernetes.io/instantiate': 'manual' },
        ...(metadata.labels ? { labels: metadata.labels } : {}),
        ownerReferences: [
          { apiVersion: 'batch/v1', controller: true, kind: 'CronJob', name: cronJob.metadata.name, uid: cronJob.metadata.uid },
        ],
      }),
      spec,
      status: {},
    } as unknown as KubeObject;
  }
  const image = flags.text('image');
  const command = commandArgument(invocation);
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: generatedMetadata(name),
    spec: {
      template: {
        metadata: { creationTimestamp: null },
        spec: { containers: [{ ...(command.length ? { command } : {}), image, name, resources: {} }], restartPolicy: 'Never' },
      },
    },
    status: {},
  } as unknown as KubeObject;
}

function buildCronJob(invocation: Invocation): KubeObject {
  const { flags } = invocation;
  const name = nameArgument(invocation);
  if (flags.text('image') === '') throw new CommandError('required flag(s) "image" not set');
  if (flags.text('schedule') === '') throw new CommandError('required flag(s) "schedule" not set');
  const command = commandArgument(invocation);
  const container = { ...(command.length ? { command } : {}), image: flags.text('image'), name, resources: {} };
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: generatedMetadata(name),
    spec: {
      jobTemplate: {
        metadata: { creationTimestamp: null, name },
        spec: {
          template: {
            metadata: { creationTimestamp: null },
            spec: { containers: [container], restartPolicy: flags.text('restart') || 'OnFailure' },
          },
        },
      },
      schedule: flags.text('schedule'),
    },
    status: {},
  } as unknown as KubeObject;
}

function portsOf(invocation: Invocation): object[] {
  return invocation.flags.list('tcp').map((text) => {
    const [port = '', target = port, ...more] = text.split(':');
    if (more.length || !/^\d+$/.test(port)) throw new CommandError(`invalid port format ${text}`);
    const nodePort = invocation.flags.number('node-port');
    return {
      name: port === target ? port : `${port}-${target}`,
      ...(nodePort > 0 ? { nodePort } : {}),
      port: Number(port),
      protocol: 'TCP',
      targetPort: /^\d+$/.test(target) ? Number(target) : target,
    };
  });
}

const SERVICE_TYPES: Readonly<Record<string, string>> = {
  clusterip: 'ClusterIP',
  externalname: 'ExternalName',
  loadbalancer: 'LoadBalancer',
  nodeport: 'NodePort',
};

function serviceGenerator(name: string): Command {
  const type = SERVICE_TYPES[name]!;
  return generator({
    name,
    short: `Create ${type === 'ExternalName' ? 'an' : 'a'} ${type} service`,
    usage: 'NAME [--tcp=<port>:<targetPort>] [--dry-run=server|client|none] [options]',
    what: `${type} service`,
    flags: [
      defineFlag('tcp', 'list', "Port pairs can be specified as '<port>:<targetPort>'."),
      ...(name === 'clusterip'
        ? [defineFlag('clusterip', 'string', "Assign your own ClusterIP or set to 'None' for a 'headless' service (no loadbalancing).")]
        : []),
      ...(name === 'nodeport' ? [defineFlag('node-port', 'int', 'Port used to expose the service on each node in a cluster.')] : []),
      ...(name === 'externalname' ? [defineFlag('external-name', 'string', 'External name of service', { required: true })] : []),
    ],
    build(invocation) {
      const serviceName = nameArgument(invocation);
      const { flags } = invocation;
      const ports = portsOf(invocation);
      const clusterIP = flags.text('clusterip');
      if (ports.length === 0 && name !== 'externalname' && clusterIP !== 'None')
        throw new CommandError('at least one tcp port specifier must be provided');
      const labels = { app: serviceName };
      const spec = {
        ...(clusterIP ? { clusterIP } : {}),
        ...(flags.text('external-name') ? { externalName: flags.text('external-name') } : {}),
        ...(ports.length ? { ports } : {}),
        selector: labels,
        type,
      };
      return {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: generatedMetadata(serviceName, { labels }),
        spec,
        status: { loadBalancer: {} },
      } as unknown as KubeObject;
    },
  });
}

/** The generators of this file. */
export const workloadGenerators: readonly Command[] = [
  generator({
    name: 'namespace',
    aliases: ['ns'],
    short: 'Create a namespace with the specified name',
    usage: 'NAME [--dry-run=server|client|none] [options]',
    clusterScoped: true,
    build: (invocation) =>
      ({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: generatedMetadata(nameArgument(invocation)),
        spec: {},
        status: {},
      }) as unknown as KubeObject,
  }),
  generator({
    name: 'serviceaccount',
    aliases: ['sa'],
    short: 'Create a service account with the specified name',
    usage: 'NAME [--dry-run=server|client|none] [options]',
    what: 'serviceaccount',
    build: (invocation) =>
      ({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: generatedMetadata(nameArgument(invocation)) }) as KubeObject,
  }),
  generator({
    name: 'deployment',
    aliases: ['deploy'],
    short: 'Create a deployment with the specified name',
    usage: 'NAME --image=image -- [COMMAND] [args...] [options]',
    what: 'deployment',
    flags: [
      ...imageFlags,
      defineFlag('port', 'int', 'The containerPort that this deployment exposes.', { initial: '-1' }),
      defineFlag('replicas', 'int', 'Number of replicas to create. Default is 1.', { short: 'r', initial: '1' }),
    ],
    build: buildDeployment,
  }),
  generator({
    name: 'job',
    short: 'Create a job with the specified name',
    usage: 'NAME --image=image [--from=cronjob/name] -- [COMMAND] [args...] [options]',
    what: 'job',
    flags: [
      defineFlag('image', 'string', 'Image name to run.'),
      defineFlag('from', 'string', 'The name of the resource to create a Job from (only cronjob is supported).'),
    ],
    build: buildJob,
  }),
  generator({
    name: 'cronjob',
    aliases: ['cj'],
    short: 'Create a cron job with the specified name',
    usage: "NAME --image=image --schedule='0/5 * * * ?' -- [COMMAND] [args...] [options]",
    what: 'cronjob',
    flags: [
      defineFlag('image', 'string', 'Image name to run.'),
      defineFlag('schedule', 'string', 'A schedule in the Cron format the job should be run with.'),
      defineFlag('restart', 'string', "job's restart policy. supported values: OnFailure, Never"),
    ],
    build: buildCronJob,
  }),
  {
    name: 'service',
    aliases: ['svc'],
    short: 'Create a service using a specified subcommand',
    usage: '[flags] [options]',
    commands: Object.keys(SERVICE_TYPES).map(serviceGenerator),
  },
];
