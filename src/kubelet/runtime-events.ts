/** The runtime's container events (evented PLEG, KEP-3386), with a relist whenever the stream broke: after it nobody knows what was missed. */
import { LABEL_POD_UID } from './cri-client.ts';
import type { KubeletContext } from './context.ts';

const RETRY_MS = 1_000;

/** Wakes pods whose containers changed; undefined: all, because the change cannot be told. Runs until the process ends. */
export function followRuntime(context: KubeletContext, wake: (uid: string | undefined) => void): void {
  const { cri, process } = context;
  const uids = new Map<string, string>();
  const uidOf = async (sandboxId: string): Promise<string | undefined> => {
    const known = uids.get(sandboxId);
    if (known) return known;
    for (const pod of await cri.pods()) for (const sandbox of pod.sandboxes) uids.set(sandbox.id, sandbox.labels[LABEL_POD_UID] ?? pod.uid);
    return uids.get(sandboxId);
  };
  const run = async (): Promise<never> => {
    for (;;) {
      try {
        const events = await cri.events();
        wake(undefined);
        for (let event = await events.receive(); event; event = await events.receive()) {
          const uid = await uidOf(event.podSandboxId);
          if (event.type === 'CONTAINER_DELETED_EVENT' && event.containerId === event.podSandboxId) uids.delete(event.podSandboxId);
          else if (uid) wake(uid);
        }
      } catch (error) {
        process.telemetry.log(
          'warning',
          `Evented PLEG: failed to get container events: ${error instanceof Error ? error.message : String(error)}`,
        );
      }
      await process.clock.sleep(RETRY_MS);
    }
  };
  void run();
}
