/** The entry of the workstation's worker: a machine like the others whose role brings the shell and kubectl. */
import { startWorkstation } from '#cluster';
import { exposeMachine } from './expose-machine.ts';

exposeMachine(startWorkstation);
