/** NodePorts: a host port is taken once per address and protocol of a node. */
import type { Pod } from '#api';
import { unschedulable, type Plugin } from '../framework.ts';

interface HostPort {
  readonly address: string;
  readonly protocol: string;
  readonly port: number;
}

/** The host ports of a pod's containers. */
export function hostPortsOf(pod: Pod): HostPort[] {
  return (pod.spec?.containers ?? []).flatMap((container) =>
    (container.ports ?? [])
      .filter(({ hostPort }) => hostPort)
      .map((port) => ({ address: port.hostIP || '0.0.0.0', protocol: port.protocol ?? 'TCP', port: port.hostPort! })),
  );
}

const conflicts = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port && a.protocol === b.protocol && (a.address === b.address || a.address === '0.0.0.0' || b.address === '0.0.0.0');

/** The plugin. */
export function nodePorts(): Plugin {
  return {
    name: 'NodePorts',
    interests: [
      {
        resource: 'AssignedPod',
        actions: ['Delete'],
        hint: (pod, event) => hostPortsOf(event.object as Pod).some((freed) => hostPortsOf(pod).some((wanted) => conflicts(freed, wanted))),
      },
      { resource: 'Node', actions: ['Add'] },
    ],
    filter(_state, pod, node) {
      const wanted = hostPortsOf(pod);
      if (!wanted.length) return undefined;
      const taken = node.pods.flatMap(hostPortsOf);
      return wanted.some((port) => taken.some((other) => conflicts(port, other)))
        ? unschedulable("node(s) didn't have free ports for the requested pod ports")
        : undefined;
    },
  };
}
