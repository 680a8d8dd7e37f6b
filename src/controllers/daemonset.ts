/** daemonset-controller: one pod of the template on every node that should have one; old ones are replaced within maxUnavailable. Surge is left out. */
import type { ControllerRevision, DaemonSet, Node, Pod, PodTemplateSpec } from '#api';
import { deepEqual, isConflict, isControlledBy, isNotFound, objectKey, selectorFromLabelSelector, type LabelSelector } from '#apimachinery';
import { defineController, resources, watchObjects, type Informer, type RestClient, type Watch } from '#client';
import { daemonPod, daemonsetStatus, nodeShouldRun, planDaemons, planRollingUpdate, REVISION_HASH } from './daemonset-plan.ts';
import { planHistory, writeHistory } from './revision-history.ts';
import { podTemplateHash } from './pod-template-hash.ts';
import { createExpectations } from './expectations.ts';
import { claim, createPods, deletePods, untilAvailableMs, watchOwnedPods, type PodControl } from './pod-control.ts';
import type { ManagerController } from './settings.ts';

const changesPlacement = (node: Node, old: Node): boolean =>
  !deepEqual(node.metadata.labels, old.metadata.labels) ||
  !deepEqual(node.spec?.taints, old.spec?.taints) ||
  node.spec?.unschedulable !== old.spec?.unschedulable;

/** Nodes that come, go or change what they tolerate concern the DaemonSets that would run there. */
function watchNodes(nodes: Informer<Node>, daemonsets: Informer<DaemonSet>): Watch {
  return {
    informer: nodes,
    connect(queue) {
      const add = (concerned: (daemonset: DaemonSet) => boolean): void => {
        for (const daemonset of daemonsets.lister.list()) if (concerned(daemonset)) queue.add(objectKey(daemonset));
      };
      nodes.addHandler({
        added: (node) => add((daemonset) => nodeShouldRun(daemonset, node).run),
        updated: (node, old) => add(() => changesPlacement(node, old)),
        deleted: () => add(() => true),
      });
    },
  };
}

const templateOf = (daemonset: DaemonSet): PodTemplateSpec => daemonset.spec!.template as PodTemplateSpec;

/** The value of controller-revision-hash of a DaemonSet's present template. */
export const revisionHashOf = (daemonset: DaemonSet): string => podTemplateHash(templateOf(daemonset), daemonset.status?.collisionCount);

/** Keeps the ControllerRevisions of a DaemonSet. */
function keepHistory(
  client: RestClient,
  revisions: Informer<ControllerRevision>,
  daemonset: DaemonSet,
  pods: readonly Pod[],
): Promise<void> {
  const own = revisions.lister.inNamespace(daemonset.metadata.namespace ?? '').filter((revision) => isControlledBy(revision, daemonset));
  const inUse = new Set(pods.map(({ metadata }) => metadata.labels?.[REVISION_HASH] ?? ''));
  const revised = {
    owner: daemonset,
    template: templateOf(daemonset),
    limit: daemonset.spec?.revisionHistoryLimit,
    hash: revisionHashOf(daemonset),
    hashLabel: REVISION_HASH,
  };
  return writeHistory(client, planHistory(revised, own, inUse));
}

/** The controller. */
export const daemonsetController: ManagerController = defineController({
  name: 'daemonset-controller',
  account: 'daemon-set-controller',
  eventSource: 'daemonset-controller',
  workers: 2,
  build({ client, informers, clock, events }) {
    const daemonsets = informers.informer(resources.daemonsets);
    const pods = informers.informer(resources.pods);
    const nodes = informers.informer(resources.nodes);
    const revisions = informers.informer(resources.controllerrevisions);
    const expectations = createExpectations(clock);
    const control: PodControl = { client, events, expectations };
    const selectorOf = (daemonset: DaemonSet) => selectorFromLabelSelector(daemonset.spec?.selector as LabelSelector | undefined);
    const adopters = (pod: Pod): string[] =>
      daemonsets.lister
        .inNamespace(pod.metadata.namespace ?? '')
        .filter((daemonset) => selectorOf(daemonset).matches(pod.metadata.labels))
        .map(objectKey);
    const manage = async (daemonset: DaemonSet, owned: readonly Pod[], hash: string): Promise<void> => {
      const all = nodes.lister.list();
      const plan = planDaemons(daemonset, all, owned);
      for (const pod of plan.failed)
        events.event(
          daemonset,
          'Warning',
          'FailedDaemonPod',
          `Found failed daemon pod ${objectKey(pod)} on node ${pod.spec?.nodeName ?? ''}, will try to kill it`,
        );
      let error: unknown;
      if (plan.create.length)
        error = await createPods(control, daemonset, plan.create.length, (index) => daemonPod(daemonset, plan.create[index]!, hash));
      const outdated = plan.create.length || plan.remove.length ? [] : planRollingUpdate(daemonset, all, owned, hash, clock.wallMs());
      const remove = [...plan.remove, ...outdated];
      if (remove.length) error ??= await deletePods(control, daemonset, remove);
      if (error !== undefined) throw error;
    };
    return {
      watches: [watchObjects(daemonsets), watchOwnedPods(pods, 'DaemonSet', expectations, adopters), watchNodes(nodes, daemonsets)],
      async reconcile(key) {
        const daemonset = daemonsets.lister.get(key);
        if (!daemonset) return expectations.forget(key);
        if (daemonset.metadata.deletionTimestamp) return undefined;
        const hash = revisionHashOf(daemonset);
        const owned = await claim(
          client,
          pods,
          daemonset,
          selectorOf(daemonset),
          pods.lister.inNamespace(daemonset.metadata.namespace ?? ''),
        );
        await keepHistory(client, revisions, daemonset, owned);
        let failure: unknown;
        if (expectations.areMet(key)) await manage(daemonset, owned, hash).catch((error: unknown) => (failure = error));
        const now = clock.wallMs();
        const status = daemonsetStatus(daemonset, nodes.lister.list(), owned, hash, now);
        if (!deepEqual(status, daemonset.status ?? {})) {
          await client.updateStatus(resources.daemonsets, { ...daemonset, status }).catch((error: unknown) => {
            // The watch brings the newer version, and with it another pass.
            if (!isConflict(error) && !isNotFound(error)) throw error;
          });
        }
        if (failure !== undefined) throw failure;
        const waits = owned
          .map((pod) => untilAvailableMs(pod, daemonset.spec?.minReadySeconds ?? 0, now))
          .filter((wait): wait is number => Boolean(wait));
        return waits.length ? { requeueAfterMs: Math.min(...waits) } : undefined;
      },
    };
  },
});
