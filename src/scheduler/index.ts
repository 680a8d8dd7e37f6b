/** The front door of scheduler: kube-scheduler as a program, and its plugins. */
import { runLeaderComponent } from '#client';
import { parseFlags, type Program } from '#host';
import { startScheduler } from './scheduler.ts';

export { startScheduler, type SchedulerOptions } from './scheduler.ts';
export { plugins } from './plugins/index.ts';
export type * from './framework.ts';

/**
 * kube-scheduler. Flags: `--kubeconfig`, `--authentication-kubeconfig`, `--authorization-kubeconfig`, `--bind-address`,
 * `--secure-port` (10259), `--leader-elect` and its durations, `--client-ca-file`, `--tls-cert-file`, `--tls-private-key-file`.
 * Ends with 0 after SIGTERM, with 1 when it lost its Lease or could not start.
 */
export const kubeScheduler: Program = (process) => {
  const flags = parseFlags(process.argv, ['leader-elect']);
  return runLeaderComponent(process, flags, {
    name: 'kube-scheduler',
    port: 10259,
    lead: ({ client, clientFor, telemetry, signal }) =>
      startScheduler(
        {
          client,
          eventClient: clientFor('scheduler'),
          clock: process.clock,
          random: process.random,
          telemetry,
          hostname: process.hostname,
        },
        signal,
      ),
  });
};
