/** The entry of the control plane's and etcd's hosts: builds a browser host, hands it to the cluster, exposes the contract. */
import { startNode } from '#cluster';
import { exposeMachine } from './expose-machine.ts';

exposeMachine(startNode);
