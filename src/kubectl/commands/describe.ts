/** kubectl describe. */
import type { KubeObject } from '#apimachinery';
import { allNamespacesFlag, defineFlag, filenameFlags, selectorFlags } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { isNotFound } from '../discovery.ts';
import { CommandError } from '../errors.ts';
import { descriptionOf } from '../describe/index.ts';
import { DescriptionWriter, type EventFacts } from '../describe/writer.ts';
import { hasFiles } from '../manifests.ts';
import { fetchInfos, listObjects, readTargets, throwCollected, type Info, type Target } from '../targets.ts';

const WITHOUT_EVENTS = ['Namespace', 'Secret', 'Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding'];

async function eventsAbout({ session, flags }: Invocation, { object, namespace }: Info): Promise<EventFacts[] | undefined> {
  if (flags.text('show-events') === 'false') return undefined;
  if (WITHOUT_EVENTS.includes(object.kind)) return [];
  const selectors = [{ name: object.metadata.name, namespace: namespace ?? '', kind: object.kind, uid: object.metadata.uid ?? '' }];
  // The kubelet writes a node's own events under the node's name as their uid.
  if (object.kind === 'Node') selectors.push({ ...selectors[0]!, uid: object.metadata.name });
  const found: EventFacts[] = [];
  for (const { name, namespace: where, kind, uid } of selectors) {
    const fieldSelector = `involvedObject.kind=${kind},involvedObject.name=${name},involvedObject.namespace=${where},involvedObject.uid=${uid}`;
    const path = where ? `/api/v1/namespaces/${where}/events` : '/api/v1/events';
    found.push(...(await session.json<{ items: EventFacts[] }>({ method: 'GET', path, query: { fieldSelector, limit: 500 } })).items);
  }
  return found;
}

/** A name nobody has may be the beginning of several. */
async function byPrefix(invocation: Invocation, target: Target): Promise<Info[]> {
  const { items } = await listObjects(invocation, { ...target, name: undefined });
  return items
    .filter(({ metadata }) => metadata.name.startsWith(target.name!))
    .map((object) => ({ resource: target.resource, namespace: object.metadata.namespace, name: object.metadata.name, object }));
}

async function run(invocation: Invocation): Promise<void> {
  const { session, flags, args } = invocation;
  if (args.length === 0 && !hasFiles(flags)) {
    throw new CommandError(
      'You must specify the type of resource to describe. Use "kubectl api-resources" for a complete list of supported resources.',
    );
  }
  const targets = await readTargets(invocation, { allowCollections: true });
  const infos: Info[] = [];
  const errors: unknown[] = [];
  for (const target of targets) {
    const fetched = await fetchInfos(invocation, [target]);
    infos.push(...fetched.infos);
    for (const error of fetched.errors) {
      const near = isNotFound(error) && target.name !== undefined && target.source === undefined ? await byPrefix(invocation, target) : [];
      if (near.length) infos.push(...near);
      else errors.push(error);
    }
  }
  for (const [at, info] of infos.entries()) {
    const writer = new DescriptionWriter();
    const events = await eventsAbout(invocation, info);
    await descriptionOf(info.resource.group, info.resource.kind)(writer, info.object as KubeObject, {
      session,
      events,
      nowMs: session.nowMs(),
    });
    await session.out(`${at > 0 ? '\n\n' : ''}${writer.text()}`);
  }
  if (infos.length === 0 && errors.length === 0) {
    const namespaced = targets.some(({ resource }) => resource.scope === 'Namespaced') && !flags.on('all-namespaces');
    await session.err(namespaced ? `No resources found in ${session.namespace} namespace.\n` : 'No resources found\n');
  }
  throwCollected(errors);
}

/** kubectl describe */
export const describe: Command = {
  name: 'describe',
  short: 'Show details of a specific resource or group of resources',
  group: 'Troubleshooting and Debugging Commands',
  usage: '(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME) [options]',
  completes: 'resources',
  flags: [
    ...filenameFlags,
    selectorFlags[0]!,
    allNamespacesFlag,
    defineFlag('show-events', 'string', 'If true, display events related to the described object.', { initial: 'true', bare: 'true' }),
    defineFlag('chunk-size', 'int', 'Return large lists in chunks rather than all at once.', { initial: '500' }),
  ],
  run,
};
