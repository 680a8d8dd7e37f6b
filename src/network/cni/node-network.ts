/**
 * The node's part of the pod network: writes the CNI configuration once the node has its pod range, and keeps a route to every
 * other node's range by that node's address. It models a host-gateway network (flannel's host-gw, kindnet), as one program.
 */
import type { Node } from '#api';
import { createInformer, restClient, loadKubeconfig, resources } from '#client';
import { parseFlags, type Files, type Program, type Route } from '#host';
import { CNI_CONFIGURATION_DIRECTORY, CNI_CONFIGURATION_PATH, configurationListOf } from './configuration.ts';

/** Routes from `ownName` to the pod ranges of all other nodes. Pure. */
export function routesFor(ownName: string, nodes: readonly Node[]): Route[] {
  const routes: Route[] = [];
  for (const node of nodes) {
    const cidr = node.spec?.podCIDR;
    const via = node.status?.addresses?.find((address) => address.type === 'InternalIP')?.address;
    if (node.metadata.name !== ownName && cidr && via) routes.push({ cidr, via });
  }
  return routes.sort((a, b) => (a.cidr < b.cidr ? -1 : 1));
}

/** Writes the configuration list of a range unless it stands there already. */
export function writeConfiguration(files: Files, podCidr: string): void {
  const text = configurationListOf(podCidr);
  if (files.stat(CNI_CONFIGURATION_PATH) && files.readText(CNI_CONFIGURATION_PATH) === text) return;
  files.makeDirectory(CNI_CONFIGURATION_DIRECTORY, { recursive: true });
  files.write(CNI_CONFIGURATION_PATH, text);
}

/** Where the last known routes are kept, so that a node that starts while the API is away still reaches the others' pods. */
const ROUTES_PATH = '/var/lib/cni/routes.json';

/** The program; `--kubeconfig` (default the kubelet's) and `--node-name` (default the host name). Ends with TERM. */
export const nodeNetwork: Program = async (process) => {
  const { kernel, files, telemetry } = process;
  if (!kernel) throw new Error('the node network needs a privileged process');
  const flags = parseFlags(process.argv);
  const nodeName = flags.get('node-name') ?? process.env['NODE_NAME'] ?? kernel.facts.hostname;
  const stopped = new Promise<number>((resolve) => process.onSignal('TERM', () => resolve(0)));
  if (files.stat(ROUTES_PATH)) kernel.setRoutes(JSON.parse(files.readText(ROUTES_PATH)) as Route[]);
  const config = loadKubeconfig(files, flags.get('kubeconfig') ?? '/etc/kubernetes/kubelet.conf', process.crypto);
  const client = restClient({ network: process.network, clock: process.clock, files, config, userAgent: 'node-network/v1.33.0' });
  const nodes = createInformer(resources.nodes, { client, clock: process.clock, random: process.random.fork('nodes'), telemetry });
  const sync = (): void => {
    const known = nodes.lister.list();
    const podCidr = known.find((node) => node.metadata.name === nodeName)?.spec?.podCIDR;
    if (podCidr) writeConfiguration(files, podCidr);
    // What was routed stays routed until the first list is there.
    if (!nodes.hasSynced && known.length === 0) return;
    const routes = routesFor(nodeName, known);
    if (JSON.stringify(routes) === JSON.stringify(kernel.routes())) return;
    kernel.setRoutes(routes);
    files.makeDirectory('/var/lib/cni', { recursive: true });
    files.write(ROUTES_PATH, JSON.stringify(routes));
  };
  nodes.addHandler({ added: sync, updated: sync, deleted: sync });
  nodes.run(new AbortController().signal);
  telemetry.lifecycle(process.name, 'running');
  return stopped;
};
