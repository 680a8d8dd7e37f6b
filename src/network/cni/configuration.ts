/** Network configuration lists in /etc/cni/net.d (CNI 1.0), as a bridge plug-in with host-local addresses needs them. */
import type { Files } from '#host';

/** Where configuration lists are. */
export const CNI_CONFIGURATION_DIRECTORY = '/etc/cni/net.d';
/** The list this cluster's network writes. */
export const CNI_CONFIGURATION_PATH = `${CNI_CONFIGURATION_DIRECTORY}/10-bridge.conflist`;

/** The part of a configuration list that is looked at. */
export interface NetworkConfiguration {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly {
    readonly type: string;
    readonly ipam?: { readonly type: string; readonly ranges?: readonly (readonly { readonly subnet: string }[])[] };
  }[];
}

/** The configuration list of a node whose pods have addresses of `podCidr`. */
export function configurationListOf(podCidr: string): string {
  const list = {
    cniVersion: '1.0.0',
    name: 'cbr0',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        ipMasq: false,
        hairpinMode: true,
        ipam: { type: 'host-local', dataDir: '/var/lib/cni/networks', routes: [{ dst: '0.0.0.0/0' }], ranges: [[{ subnet: podCidr }]] },
      },
      { type: 'portmap', capabilities: { portMappings: true } },
    ],
  };
  return `${JSON.stringify(list, undefined, 2)}\n`;
}

/** The first list of the directory by name, as libcni picks it; undefined where there is none that reads and has plug-ins. */
export function readConfigurationList(files: Files): NetworkConfiguration | undefined {
  if (!files.stat(CNI_CONFIGURATION_DIRECTORY)) return undefined;
  const name = files.list(CNI_CONFIGURATION_DIRECTORY).find((entry) => entry.endsWith('.conflist'));
  if (!name) return undefined;
  try {
    const list = JSON.parse(files.readText(`${CNI_CONFIGURATION_DIRECTORY}/${name}`)) as NetworkConfiguration;
    return Array.isArray(list.plugins) && list.plugins.length > 0 && list.name ? list : undefined;
  } catch {
    // A list that does not parse is no network; the runtime reports it as not initialized, as containerd does.
    return undefined;
  }
}
