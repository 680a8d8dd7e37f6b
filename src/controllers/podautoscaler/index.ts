/**
 * horizontal-pod-autoscaler-controller, as it works where no metrics API is served: it reads the scale of its target, keeps it between least
 * and most, and says why it can compute nothing. Metrics themselves are not there yet.
 */
import type { HorizontalPodAutoscaler } from '#api';
import { deepEqual, formatTime, isConflict, isNotFound, setCondition, type Condition } from '#apimachinery';
import { defineController, resources, watchObjects, type RestClient } from '#client';
import { kindByGroupKind } from '#api';
import type { ManagerController } from '../settings.ts';

/** --horizontal-pod-autoscaler-sync-period. */
const SYNC_MS = 15_000;
const NO_METRICS =
  'unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)';

interface Scale {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string };
  readonly spec: { readonly replicas?: number };
  readonly status?: { readonly replicas?: number };
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The path of the target's scale subresource; undefined for a kind nobody serves. */
function scalePath(autoscaler: HorizontalPodAutoscaler): string | undefined {
  const { apiVersion = 'v1', kind, name } = autoscaler.spec!.scaleTargetRef;
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : '';
  const target = kindByGroupKind(group, kind);
  if (!target) return undefined;
  const root = group === '' ? `/api/${target.version}` : `/apis/${group}/${target.version}`;
  return `${root}/namespaces/${autoscaler.metadata.namespace ?? ''}/${target.plural}/${name}/scale`;
}

/** Why the first resource metric gives nothing. */
function metricFailure(autoscaler: HorizontalPodAutoscaler): { reason: string; message: string } {
  const metric = autoscaler.spec?.metrics?.[0];
  if (metric?.resource) {
    const what = metric.resource.target.averageUtilization === undefined ? 'value' : 'utilization';
    return {
      reason: 'FailedGetResourceMetric',
      message: `failed to get ${metric.resource.name} ${what}: unable to get metrics for resource ${metric.resource.name}: ${NO_METRICS}`,
    };
  }
  return { reason: 'FailedGetResourceMetric', message: NO_METRICS };
}

/** The controller. */
export const horizontalPodAutoscalerController: ManagerController = defineController({
  name: 'horizontal-pod-autoscaler-controller',
  account: 'horizontal-pod-autoscaler',
  workers: 5,
  build({ client, informers, clock, events }) {
    const autoscalers = informers.informer(resources.horizontalpodautoscalers);
    /** When each is due: like the real queue, which lets every autoscaler pass once in a period, the first time after one. */
    const dueMs = new Map<string, number>();
    const readScale = (rest: RestClient, path: string): Promise<Scale> => rest.json<Scale>({ method: 'GET', path });

    return {
      watches: [watchObjects(autoscalers)],
      async reconcile(key) {
        const autoscaler = autoscalers.lister.get(key);
        if (!autoscaler?.spec || autoscaler.metadata.deletionTimestamp) return void dueMs.delete(key);
        const waitMs = (dueMs.get(key) ?? clock.monotonicMs() + SYNC_MS) - clock.monotonicMs();
        if (waitMs > 0) {
          dueMs.set(key, clock.monotonicMs() + waitMs);
          return { requeueAfterMs: waitMs };
        }
        dueMs.set(key, clock.monotonicMs() + SYNC_MS);
        const now = formatTime(clock.wallMs());
        const { minReplicas = 1, maxReplicas, metrics = [] } = autoscaler.spec;
        let conditions = (autoscaler.status?.conditions ?? []) as Condition[];
        const say = (type: string, status: 'True' | 'False', reason: string, message: string): void => {
          conditions = setCondition(conditions, { type, status, reason, message }, now);
        };
        let [current, desired] = [autoscaler.status?.currentReplicas ?? 0, 0];
        try {
          const path = scalePath(autoscaler);
          if (path === undefined)
            throw new Error(
              `no matches for kind "${autoscaler.spec.scaleTargetRef.kind}" in group "${autoscaler.spec.scaleTargetRef.apiVersion ?? ''}"`,
            );
          const scale = await readScale(client, path);
          say('AbleToScale', 'True', 'SucceededGetScale', "the HPA controller was able to get the target's current scale");
          current = scale.status?.replicas ?? 0;
          const wanted = scale.spec.replicas ?? 0;
          const bounded = Math.min(Math.max(wanted, minReplicas), maxReplicas);
          if (wanted === 0)
            say('ScalingActive', 'False', 'ScalingDisabled', 'scaling is disabled since the replica count of the target is zero');
          else if (bounded !== wanted) {
            desired = bounded;
            await client.json({ method: 'PUT', path, body: { ...scale, spec: { ...scale.spec, replicas: bounded } } });
            const limit =
              wanted > maxReplicas
                ? 'Current number of replicas above Spec.MaxReplicas'
                : 'Current number of replicas below Spec.MinReplicas';
            events.event(autoscaler, 'Normal', 'SuccessfulRescale', `New size: ${bounded}; reason: ${limit}`);
            say('AbleToScale', 'True', 'SucceededRescale', `the HPA controller was able to update the target scale to ${bounded}`);
          } else {
            const { reason, message } = metricFailure(autoscaler);
            say('ScalingActive', 'False', reason, `the HPA was unable to compute the replica count: ${message}`);
            events.event(autoscaler, 'Warning', reason, message);
            const name = metrics[0]?.resource?.name;
            const subject = name === undefined ? 'metric' : `${name} resource metric`;
            events.event(
              autoscaler,
              'Warning',
              'FailedComputeMetricsReplicas',
              `invalid metrics (${metrics.length} invalid out of ${metrics.length}), first error is: failed to get ${subject} value: ${message}`,
            );
          }
        } catch (error) {
          if (isConflict(error)) throw error;
          say(
            'AbleToScale',
            'False',
            'FailedGetScale',
            `the HPA controller was unable to get the target's current scale: ${textOf(error)}`,
          );
          events.event(autoscaler, 'Warning', 'FailedGetScale', textOf(error));
        }
        const status = { ...autoscaler.status, currentReplicas: current, desiredReplicas: desired, currentMetrics: null, conditions };
        if (!deepEqual(status, autoscaler.status)) {
          const changed = { ...autoscaler, status } as unknown as HorizontalPodAutoscaler;
          await client.updateStatus(resources.horizontalpodautoscalers, changed).catch((failure: unknown) => {
            // The watch brings the newer version, and with it another pass.
            if (!isConflict(failure) && !isNotFound(failure)) throw failure;
          });
        }
        return { requeueAfterMs: SYNC_MS };
      },
    };
  },
});
