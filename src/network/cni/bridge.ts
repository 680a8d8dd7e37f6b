/** The bridge plug-in with host-local addresses: ADD makes a sandbox's namespace with the next address of the node's pod range, DEL frees both. */
import type { Files, Kernel } from '#host';
import { readConfigurationList, type NetworkConfiguration } from './configuration.ts';
import { allocate, release } from './host-local.ts';

interface Environment {
  readonly files: Files;
  readonly kernel: Kernel;
}
interface Attachment {
  readonly containerId: string;
  readonly namespace: string;
}

const DATA_DIRECTORY = '/var/lib/cni/networks';

function subnetOf(configuration: NetworkConfiguration): string | undefined {
  return configuration.plugins.find((plugin) => plugin.ipam)?.ipam?.ranges?.[0]?.[0]?.subnet;
}

/** The node's network plug-ins as containerd executes them (see `Cni` of the runtime). */
export const bridgeNetwork = Object.freeze({
  isConfigured: ({ files }: Environment): boolean => readConfigurationList(files) !== undefined,
  add({ files, kernel }: Environment, { containerId, namespace }: Attachment): { readonly address: string } {
    const configuration = readConfigurationList(files);
    const subnet = configuration && subnetOf(configuration);
    if (!configuration || !subnet) throw new Error('plugin type="bridge" failed (add): no IP ranges specified');
    const directory = `${DATA_DIRECTORY}/${configuration.name}`;
    let address: string;
    try {
      address = allocate(files, directory, subnet, containerId);
    } catch (error) {
      throw new Error(`plugin type="bridge" failed (add): failed to allocate for range 0: ${(error as Error).message}`, { cause: error });
    }
    try {
      kernel.namespaces.create(namespace, address);
    } catch (error) {
      release(files, directory, containerId);
      throw new Error(`plugin type="bridge" failed (add): ${(error as Error).message}`, { cause: error });
    }
    return { address };
  },
  remove({ files, kernel }: Environment, { containerId, namespace }: Attachment): void {
    const configuration = readConfigurationList(files);
    if (configuration) release(files, `${DATA_DIRECTORY}/${configuration.name}`, containerId);
    if (kernel.namespaces.list().some((known) => known.name === namespace)) kernel.namespaces.remove(namespace);
  },
});
