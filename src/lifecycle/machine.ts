/** The life of a machine (a host in its own worker): power and boot as the data centre sees them. */
import { setup } from 'xstate';

/** What happens to a machine. */
export type MachineEvent =
  | { type: 'POWER_ON' }
  | { type: 'BOOTED' } // its first programs run
  | { type: 'READY' } // what its role promises is served
  | { type: 'UNREADY' }
  | { type: 'SHUT_DOWN' } // asked to end in order
  | { type: 'POWER_OFF' } // the plug is pulled; also the end of an orderly shutdown
  | { type: 'FREEZE' }
  | { type: 'THAW' }
  | { type: 'CRASHED' } // the worker died by itself
  | { type: 'SILENT' } // it has not answered the management channel for its deadline
  | { type: 'ANSWERED' };

/** States: off, booting, running, ready, frozen, shutting-down, stuck, down. */
export const machineMachine = setup({ types: { events: {} as MachineEvent } }).createMachine({
  id: 'machine',
  initial: 'off',
  states: {
    off: { on: { POWER_ON: 'booting' } },
    booting: { on: { BOOTED: 'running', SILENT: 'stuck.booting' } },
    running: { on: { READY: 'ready', SILENT: 'stuck.running', FREEZE: 'frozen' } },
    ready: { on: { UNREADY: 'running', SILENT: 'stuck.running', FREEZE: 'frozen' } },
    frozen: { on: { THAW: 'running' } },
    'shutting-down': {},
    stuck: {
      initial: 'running',
      states: {
        booting: { on: { ANSWERED: '#machine.booting' } },
        running: { on: { ANSWERED: '#machine.running' } },
      },
    },
    down: { on: { POWER_ON: 'booting' } },
  },
  on: { POWER_OFF: '.off', CRASHED: '.down', SHUT_DOWN: '.shutting-down' },
});
