/** kubectl run: one pod from an image. */
import type { KubeObject } from '#apimachinery';
import { defineFlag } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { CommandError, UsageError } from '../errors.ts';
import { createGenerated, generatedMetadata, generatorFlags } from './create/generate.ts';

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
  const env = flags.list('env').map((pair) => {
    if (pair.indexOf('=') < 1) throw new CommandError(`invalid env: ${pair}`);
    return { name: pair.slice(0, pair.indexOf('=')), value: pair.slice(pair.indexOf('=') + 1) };
  });
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

async function runPod(invocation: Invocation): Promise<void> {
  const { flags, args, path } = invocation;
  const [name, ...command] = args;
  if (name === undefined) throw new UsageError('NAME is required for run', path);
  if (!flags.text('image')) throw new CommandError('required flag(s) "image" not set');
  if (flags.on('attach') || flags.on('rm') || flags.on('stdin'))
    throw new CommandError('--stdin, --attach and --rm are not built into this kubectl yet; run the pod and use kubectl exec');
  if (flags.on('expose')) {
    const port = Number(flags.text('port'));
    if (!port) throw new CommandError('--port must be set when exposing a service');
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: generatedMetadata(name),
      spec: { ports: [{ port, protocol: 'TCP', targetPort: port }], selector: { run: name } },
      status: { loadBalancer: {} },
    } as unknown as KubeObject;
    await createGenerated(invocation, service, undefined, true);
  }
  await createGenerated(invocation, podOf(invocation, name, command), undefined, true);
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
  ],
  run: runPod,
};
