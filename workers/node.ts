/** The entry of machines that carry no control plane: worker hosts and the load balancer. Like machine.ts, without the programs of the control plane. */
import { startWorkerNode } from '#cluster';
import { exposeMachine } from './expose-machine.ts';

exposeMachine(startWorkerNode);
