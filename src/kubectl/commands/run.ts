/** kubectl run: one pod from an image. */
import { applyJsonPatch, applyMergePatch, applyStrategicMergePatch, type JsonObject, type KubeObject } from '#apimachinery';
import { fieldSchemaOf, kindOf, type Pod } from '#api';
import { defineFlag } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { pathOf, type ApiResource } from '../discovery.ts';
import { CommandError, UsageError } from '../errors.ts';
import { parseDocuments } from '../documents.ts';
import type { Flags } from '../flags.ts';
import { toJson } from '../printers/json.ts';
import { waitFor } from '../waiting.ts';
import { attachTo } from './attach.ts';
import { createGenerated, generatedMetadata, generatorFlags, makeGenerated } from './create/generate.ts';

/** The variables that --env gives. Throws CommandError for one without a name or a value. */
export const environmentOf = (flags: Flags): { name: string; value: string }[] =>
  flags.list('env').map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new CommandError(`invalid env: ${pair}`);
    return { name: pair.slice(0, at), value: pair.slice(at + 1) };
  });

function podOf(invocation: Invocation, name: string, command: readonly string[]): KubeObject {
  const { flags } = invocation;
  const labels = flags.text('labels')
    ? Object.fromEntries(
        flags
          .text('labels')
          .split(',')
          .map((pair) => [pair.split('=')[0]!, pair.split('=').slice(1).join('=')]),
      )
    : { run: name };
  const env = environmentOf(flags);
  const restart = flags.text('restart');
  if (!['Always', 'OnFailure', 'Never'].includes(restart))
    throw new CommandError(`invalid restart policy: ${restart}\nSee 'kubectl run -h' for help and examples`);
  const port = flags.text('port');
  const container = {
    ...(command.length ? { [flags.on('command') ? 'command' : 'args']: command } : {}),
    ...(env.length ? { env } : {}),
    image: flags.text('image'),
    ...(flags.text('image-pull-policy') ? { imagePullPolicy: flags.text('image-pull-policy') } : {}),
    name,
    ...(port ? { ports: [{ containerPort: Number(port) }] } : {}),
    resources: {},
    ...(flags.on('stdin') ? { stdin: true, stdinOnce: true } : {}),
    ...(flags.on('tty') ? { tty: true } : {}),
    ...(flags.on('privileged') ? { securityContext: { privileged: true } } : {}),
  };
  const annotations = flags.list('annotations').length
    ? {
        annotations: Object.fromEntries(flags.list('annotations').map((pair) => [pair.split('=')[0]!, pair.split('=').slice(1).join('=')])),
      }
    : {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: generatedMetadata(name, { labels, ...annotations }),
    spec: { containers: [container], dnsPolicy: 'ClusterFirst', restartPolicy: restart },
    status: {},
  } as unknown as KubeObject;
}

async function runPod(invocation: Invocation): Promise<number | void> {
  const { flags, args, path } = invocation;
  const [name, ...command] = args;
  if (name === undefined) throw new UsageError('NAME is required for run', path);
  if (!flags.text('image')) throw new CommandError('required flag(s) "image" not set');
  const attaches = flags.given('attach') ? flags.on('attach') : flags.on('stdin');
  if (flags.on('tty') && !flags.on('stdin')) throw new CommandError('-i/--stdin is required for containers with -t/--tty=true');
  const isDryRun = flags.given('dry-run') && flags.text('dry-run') !== 'none';
  if (attaches && isDryRun)
    throw new CommandError("--dry-run=[server|client] can't be used with attached containers options (--attach, --stdin, or --tty)");
  if (flags.on('rm') && !attaches) throw new UsageError('--rm should only be used for attached containers', path);
  const image = flags.text('image');
  if (!IMAGE.test(image)) throw new CommandError(`Invalid image name "${image}": invalid reference format`);
  const port = Number(flags.text('port'));
  if (flags.on('expose') && !port) throw new UsageError('--port must be set when exposing a service', path);
  const pod = withOverrides(podOf(invocation, name, command), flags.text('overrides'), flags.text('override-type'));
  if (attaches) return attachToNew(invocation, pod);
  if (!flags.on('expose')) return createGenerated(invocation, pod, undefined, true);
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: generatedMetadata(name),
    spec: { ports: [{ port, protocol: 'TCP', targetPort: port }], selector: { run: name } },
    status: { loadBalancer: {} },
  } as unknown as KubeObject;
  // The pod is made first, and told last.
  const told = await makeGenerated(invocation, pod, undefined, true);
  await createGenerated(invocation, service, undefined, true);
  if (flags.text('output') === 'yaml') await invocation.session.out('---\n---\n');
  await told();
}

/** A reference to an image: name, tag, digest. */
const IMAGE =
  /^(?:[a-zA-Z0-9][a-zA-Z0-9.-]*(?::\d+)?\/)?[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$/;

/** --overrides: a patch of the generated pod. */
function withOverrides(pod: KubeObject, text: string, type: string): KubeObject {
  if (text === '') return pod;
  if (!['merge', 'strategic', 'json'].includes(type))
    throw new CommandError(`Invalid override-type: ${type}, must be one of: json, merge, strategic`);
  const patch = parseDocuments(text, 'overrides')[0];
  if (type === 'strategic')
    return applyStrategicMergePatch(
      pod as unknown as JsonObject,
      patch as JsonObject,
      fieldSchemaOf(kindOf('v1', 'Pod')!),
    ) as unknown as KubeObject;
  return (type === 'json' ? applyJsonPatch(pod, patch as never) : applyMergePatch(pod, patch)) as KubeObject;
}

const START_TIMEOUT_MS = 60_000;

/** -i, --attach: makes the pod, waits until it runs, joins its streams; --rm takes it away again. */
async function attachToNew(invocation: Invocation, wanted: KubeObject): Promise<number> {
  const { session, flags } = invocation;
  const quiet = flags.on('quiet');
  const resource = await session.discovery.resourceOf('pods');
  const path = pathOf(resource, session.namespace);
  const body = { ...wanted, metadata: { ...wanted.metadata, namespace: session.namespace } };
  const made = await session.json<Pod>({
    method: 'POST',
    path,
    query: { fieldManager: flags.text('field-manager') },
    contentType: 'application/json',
    body: toJson(body, 0),
  });
  const { name } = made.metadata;
  const stdin = flags.on('stdin');
  let pod: Pod | undefined;
  try {
    const look = (object: KubeObject | undefined): boolean => {
      pod = object as Pod | undefined;
      return object === undefined || ['Running', 'Succeeded', 'Failed'].includes(pod?.status?.phase ?? '');
    };
    const timeoutMs = flags.durationMs('pod-running-timeout') || START_TIMEOUT_MS;
    if (!(await waitFor(session, { resource, namespace: session.namespace, name }, timeoutMs, look)))
      throw new CommandError('timed out waiting for the condition');
    if (!pod) throw new CommandError(`pods "${name}" was deleted before it ran`);
    const container = pod.spec!.containers[0]!.name;
    const tty = flags.on('tty') && session.process.terminal !== undefined;
    if (flags.on('tty') && !tty) await session.err('Unable to use a TTY - input is not a terminal or the right kind of file\n');
    if (pod.status?.phase === 'Running') await attachTo(session, pod, { container, stdin, tty, quiet });
    else await session.out(await (await session.send({ method: 'GET', path: `${path}/${name}/log`, query: { container } })).text());
    return await exitCodeOf(invocation, resource, name, flags.text('restart'));
  } finally {
    if (flags.on('rm')) {
      await session.json({ method: 'DELETE', path: `${path}/${name}`, contentType: 'application/json', body: {} });
      if (!quiet) await session.out(`pod "${name}" deleted\n`);
    }
  }
}

/** With --restart=Never the pod's end is kubectl's end. */
async function exitCodeOf({ session }: Invocation, resource: ApiResource, name: string, restart: string): Promise<number> {
  if (restart === 'Always') return 0;
  let code = 0;
  await waitFor(session, { resource, namespace: session.namespace, name }, START_TIMEOUT_MS, (object) => {
    const { status } = (object ?? {}) as Partial<Pod>;
    code = status?.containerStatuses?.[0]?.state?.terminated?.exitCode ?? 0;
    return object === undefined || status?.phase === 'Succeeded' || status?.phase === 'Failed';
  });
  if (code !== 0) await session.err(`pod ${session.namespace}/${name} terminated (Error)\n`);
  return code;
}

/** kubectl run */
export const run: Command = {
  name: 'run',
  short: 'Run a particular image on the cluster',
  group: 'Basic Commands (Beginner)',
  usage:
    'NAME --image=image [--env="key=value"] [--port=port] [--dry-run=server|client] [--overrides=inline-json] [--command] -- [COMMAND] [args...] [options]',
  completes: 'none',
  flags: [
    ...generatorFlags.map((flag) => (flag.name === 'field-manager' ? { ...flag, initial: 'kubectl-run' } : flag)),
    defineFlag('image', 'string', 'The image for the container to run.'),
    defineFlag('image-pull-policy', 'string', 'The image pull policy for the container.'),
    defineFlag('env', 'array', 'Environment variables to set in the container.'),
    defineFlag('port', 'string', 'The port that this container exposes.'),
    defineFlag('labels', 'string', 'Comma separated labels to apply to the pod. Will override previous values.', { short: 'l' }),
    defineFlag('annotations', 'array', 'Annotations to apply to the pod.'),
    defineFlag('restart', 'string', 'The restart policy for this Pod.', { initial: 'Always' }),
    defineFlag(
      'command',
      'bool',
      "If true and extra arguments are present, use them as the 'command' field in the container, rather than the 'args' field which is the default.",
    ),
    defineFlag('expose', 'bool', 'If true, create a ClusterIP service associated with the pod. Requires `--port`.'),
    defineFlag('privileged', 'bool', 'If true, run the container in privileged mode.'),
    defineFlag('stdin', 'bool', 'Keep stdin open on the container in the pod, even if nothing is attached.', { short: 'i' }),
    defineFlag('tty', 'bool', 'Allocate a TTY for the container in the pod.', { short: 't' }),
    defineFlag('attach', 'bool', 'If true, wait for the Pod to start running, and then attach to the Pod.'),
    defineFlag('rm', 'bool', 'If true, delete the pod after it exits.'),
    defineFlag('quiet', 'bool', 'If true, suppress prompt messages.', { short: 'q' }),
    defineFlag('overrides', 'string', 'An inline JSON override for the generated object.'),
    defineFlag('override-type', 'string', 'The method used to override the generated object: json, merge, or strategic.', {
      initial: 'merge',
    }),
    defineFlag('pod-running-timeout', 'duration', 'The length of time to wait until at least one pod is running', { initial: '1m0s' }),
  ],
  run: runPod,
};
