/** ttl-after-finished-controller: deletes Jobs ttlSecondsAfterFinished after their end, with their pods. */
import type { Job } from '#api';
import { isNotFound, maybeParseTime } from '#apimachinery';
import { defineController, resources, watchObjects } from '#client';
import type { ManagerController } from './settings.ts';

/** When a Job is due to be deleted, in wall milliseconds; undefined for one that is not over or has no ttl. */
export function dueMs(job: Job): number | undefined {
  const ttl = job.spec?.ttlSecondsAfterFinished;
  if (ttl === undefined || ttl === null || job.metadata.deletionTimestamp) return undefined;
  const end = job.status?.conditions?.find(({ type, status }) => (type === 'Complete' || type === 'Failed') && status === 'True');
  const endMs = maybeParseTime(end?.lastTransitionTime as string | undefined);
  return endMs === undefined ? undefined : endMs + ttl * 1000;
}

/** The controller. */
export const ttlAfterFinishedController: ManagerController = defineController({
  name: 'ttl-after-finished-controller',
  workers: 5,
  build({ client, informers, clock }) {
    const jobs = informers.informer(resources.jobs);
    return {
      watches: [watchObjects(jobs)],
      async reconcile(key) {
        const job = jobs.lister.get(key);
        const due = job && dueMs(job);
        if (!job || due === undefined) return undefined;
        if (due > clock.wallMs()) return { requeueAfterMs: due - clock.wallMs() };
        try {
          // The ttl may have been raised meanwhile: only the newest version counts.
          const fresh = await client.get(resources.jobs, job.metadata.name, job.metadata.namespace);
          const freshDue = dueMs(fresh);
          if (freshDue === undefined || freshDue > clock.wallMs()) return undefined;
          const uid = fresh.metadata.uid;
          await client.delete(resources.jobs, job.metadata.name, job.metadata.namespace, {
            propagationPolicy: 'Foreground',
            ...(uid ? { preconditions: { uid } } : {}),
          });
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
        return undefined;
      },
    };
  },
});
