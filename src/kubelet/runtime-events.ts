/** The runtime's container events (evented PLEG, KEP-3386), with a relist whenever the stream broke: after it nobody knows what was missed. */
import type { KubeletContext } from './context.ts';

const RETRY_MS = 1_000;

/** Wakes pods whose containers changed; undefined: all, because the change cannot be told. Runs until the process ends. */
export function followRuntime(context: KubeletContext, wake: (uid: string | undefined) => void): void {
  const { cri, process } = context;
  const run = async (): Promise<never> => {
    for (;;) {
      try {
        const events = await cri.events();
        wake(undefined);
        for (let event = await events.receive(); event; event = await events.receive()) if (event.podUid) wake(event.podUid);
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
