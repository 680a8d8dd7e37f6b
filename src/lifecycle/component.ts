/**
 * The life of a component (a process with a name on its machine: etcd, kube-apiserver, kubelet …) as the map shows it.
 * It models what systemd and the kubelet's restarts make of a process; how long a back-off lasts is said by who restarts it.
 */
import { setup } from 'xstate';

/** What happens to a component. */
export type ComponentEvent =
  | { type: 'START' } // somebody starts the process
  | { type: 'READY' } // it serves (or holds what it needs)
  | { type: 'UNREADY' } // it runs and does not serve
  | { type: 'STOP' } // it was asked to end (SIGTERM)
  | { type: 'FREEZE' } // SIGSTOP
  | { type: 'THAW' } // SIGCONT
  | { type: 'BACK_OFF' } // whoever restarts it waits before the next try
  | { type: 'EXITED'; code: number };

/** States: stopped, starting, running, unready, frozen, stopping, failed (ended with an error), back-off. */
export const componentMachine = setup({
  types: { events: {} as ComponentEvent },
  guards: { endedWell: ({ event }) => event.type === 'EXITED' && event.code === 0 },
}).createMachine({
  id: 'component',
  initial: 'stopped',
  states: {
    stopped: { on: { START: 'starting', BACK_OFF: 'back-off' } },
    starting: { on: { READY: 'running', FREEZE: 'frozen.starting' } },
    running: { on: { UNREADY: 'unready', FREEZE: 'frozen.running' } },
    unready: { on: { READY: 'running', FREEZE: 'frozen.running' } },
    frozen: {
      // What it was before: a thawed process goes on where it stood.
      initial: 'running',
      states: {
        starting: { on: { THAW: '#component.starting' } },
        running: { on: { THAW: '#component.running' } },
        stopping: { on: { THAW: '#component.stopping' } },
      },
    },
    stopping: { on: { EXITED: 'stopped', FREEZE: 'frozen.stopping' } },
    failed: { on: { START: 'starting', BACK_OFF: 'back-off' } },
    'back-off': { on: { START: 'starting', STOP: 'stopped' } },
  },
  on: {
    STOP: '.stopping',
    EXITED: [{ guard: 'endedWell', target: '.stopped' }, { target: '.failed' }],
  },
});
