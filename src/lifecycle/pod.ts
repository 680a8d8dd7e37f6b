/** The life of a pod as its kubelet leads it: the phases of the API, with what happens inside Pending and at the end made visible. */
import { setup } from 'xstate';

/** What happens to a pod. */
export type PodEvent =
  | { type: 'SCHEDULED' } // spec.nodeName is set
  | { type: 'VOLUMES_READY' }
  | { type: 'SANDBOX_READY' } // it has its address
  | { type: 'INITIALIZED' } // every init container is done
  | { type: 'STARTED' } // at least one container runs
  | { type: 'READY' }
  | { type: 'UNREADY' }
  | { type: 'SUCCEEDED' }
  | { type: 'FAILED' }
  | { type: 'TERMINATE' } // deletionTimestamp is set, or its manifest is gone
  | { type: 'STOPPED' } // nothing of it runs any more
  | { type: 'UNREACHABLE' } // its node has not reported for the grace period
  | { type: 'REACHABLE' };

/** States: pending.{unscheduled, mounting, sandbox, initializing, starting}, running.{unready, ready, unknown}, terminating, succeeded, failed, gone. */
export const podMachine = setup({ types: { events: {} as PodEvent } }).createMachine({
  id: 'pod',
  initial: 'pending',
  states: {
    pending: {
      initial: 'unscheduled',
      states: {
        unscheduled: { on: { SCHEDULED: 'mounting' } },
        mounting: { on: { VOLUMES_READY: 'sandbox' } },
        sandbox: { on: { SANDBOX_READY: 'initializing' } },
        initializing: { on: { INITIALIZED: 'starting' } },
        starting: {},
      },
      on: { STARTED: 'running' },
    },
    running: {
      initial: 'unready',
      states: {
        unready: { on: { READY: 'ready', UNREACHABLE: 'unknown' } },
        ready: { on: { UNREADY: 'unready', UNREACHABLE: 'unknown' } },
        unknown: { on: { REACHABLE: 'unready' } },
      },
    },
    succeeded: { on: { TERMINATE: 'gone' } },
    failed: { on: { TERMINATE: 'gone' } },
    terminating: { on: { STOPPED: 'gone', SUCCEEDED: undefined, FAILED: undefined } },
    gone: { type: 'final' },
  },
  on: { SUCCEEDED: '.succeeded', FAILED: '.failed', TERMINATE: '.terminating' },
});
