/** The life of one container in the runtime and of its next tries in the kubelet (waiting, pulling, back-off). */
import { setup } from 'xstate';

/** What happens to a container. */
export type ContainerEvent =
  | { type: 'PULL' }
  | { type: 'PULLED' }
  | { type: 'PULL_FAILED' }
  | { type: 'CREATE' }
  | { type: 'START' }
  | { type: 'START_FAILED' }
  | { type: 'STOP' } // TERM was sent
  | { type: 'FREEZE' }
  | { type: 'THAW' }
  | { type: 'EXITED'; code: number }
  | { type: 'BACK_OFF' } // CrashLoopBackOff
  | { type: 'REMOVE' };

/** States: waiting, pulling, pull-back-off, created, running, frozen, stopping, exited, failed, back-off, removed. */
export const containerMachine = setup({
  types: { events: {} as ContainerEvent },
  guards: { endedWell: ({ event }) => event.type === 'EXITED' && event.code === 0 },
}).createMachine({
  id: 'container',
  initial: 'waiting',
  states: {
    waiting: { on: { PULL: 'pulling', CREATE: 'created', BACK_OFF: 'back-off' } },
    pulling: { on: { PULLED: 'waiting', PULL_FAILED: 'pull-back-off' } },
    'pull-back-off': { on: { PULL: 'pulling' } },
    created: { on: { START: 'running', START_FAILED: 'failed' } },
    running: { on: { STOP: 'stopping', FREEZE: 'frozen' } },
    frozen: { on: { THAW: 'running', STOP: 'stopping' } },
    stopping: {},
    exited: { on: { BACK_OFF: 'back-off', CREATE: 'created' } },
    failed: { on: { BACK_OFF: 'back-off', CREATE: 'created' } },
    'back-off': { on: { CREATE: 'created', PULL: 'pulling' } },
    removed: { type: 'final' },
  },
  on: {
    EXITED: [{ guard: 'endedWell', target: '.exited' }, { target: '.failed' }],
    REMOVE: '.removed',
  },
});
