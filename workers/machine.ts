/** The entry of every machine's worker: builds a browser host, hands it to the cluster, exposes the contract. */
import { startNode } from '#cluster';
import { exposeMachine } from './expose-machine.ts';

exposeMachine(startNode);
