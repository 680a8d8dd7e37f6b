/** ip addr and ip route, from the machine's addresses, its network namespaces and its routes. Reading only. */
import type { Kernel, Process, Program } from '#host';

/** A pod's side of a namespace shows on the host as a veth; its name comes from the namespace's. */
const vethName = (crypto: Process['crypto'], namespace: string): string =>
  `veth${Array.from(crypto.sha256(namespace).subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;

const mac = (address: string): string =>
  `02:42:${address
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join(':')}`;

const NODE_PREFIX = 24;

function link(
  index: number,
  name: string,
  flags: string,
  kind: 'loopback' | 'ether',
  hardware: string,
  addresses: readonly string[],
): string {
  const broadcast = kind === 'loopback' ? '00:00:00:00:00:00' : 'ff:ff:ff:ff:ff:ff';
  const mtu = kind === 'loopback' ? 65536 : 1500;
  return [
    `${index}: ${name}: <${flags}> mtu ${mtu} qdisc ${kind === 'loopback' ? 'noqueue' : 'fq_codel'} state ${kind === 'loopback' ? 'UNKNOWN' : 'UP'} group default qlen 1000`,
    `    link/${kind} ${hardware} brd ${broadcast}`,
    ...addresses.map((address) => `    inet ${address}`),
    '       valid_lft forever preferred_lft forever',
  ]
    .slice(0, addresses.length > 0 ? undefined : 2)
    .join('\n');
}

/** The bridge's address: the first of the subnet its pods have theirs from. */
function bridgeAddress(kernel: Kernel): string | undefined {
  const pod = kernel.namespaces.list().find(({ name }) => name !== 'host')?.addresses[0];
  return pod && `${pod.slice(0, pod.lastIndexOf('.'))}.1`;
}

function addressText(process: Process, kernel: Kernel): string {
  const { address } = kernel.facts;
  const pods = kernel.namespaces.list().filter(({ name }) => name !== 'host');
  const bridge = bridgeAddress(kernel);
  const links = [
    link(1, 'lo', 'LOOPBACK,UP,LOWER_UP', 'loopback', '00:00:00:00:00:00', ['127.0.0.1/8 scope host lo']),
    link(2, 'eth0', 'BROADCAST,MULTICAST,UP,LOWER_UP', 'ether', mac(address), [
      `${address}/${NODE_PREFIX} brd ${address.slice(0, address.lastIndexOf('.'))}.255 scope global eth0`,
    ]),
    ...(bridge
      ? [
          link(3, 'cni0', 'BROADCAST,MULTICAST,UP,LOWER_UP', 'ether', mac(bridge), [
            `${bridge}/24 brd ${bridge.slice(0, bridge.lastIndexOf('.'))}.255 scope global cni0`,
          ]),
        ]
      : []),
    ...pods.map(({ name, addresses }, at) =>
      link(4 + at, `${vethName(process.crypto, name)}@if2`, 'BROADCAST,MULTICAST,UP,LOWER_UP', 'ether', mac(addresses[0] ?? '0.0.0.0'), []),
    ),
  ];
  return `${links.join('\n')}\n`;
}

function routeText(kernel: Kernel): string {
  const { address } = kernel.facts;
  const network = `${address.slice(0, address.lastIndexOf('.'))}.0/${NODE_PREFIX}`;
  const bridge = bridgeAddress(kernel);
  const rows = [
    `${network} dev eth0 proto kernel scope link src ${address}`,
    ...(bridge ? [`${bridge.slice(0, bridge.lastIndexOf('.'))}.0/24 dev cni0 proto kernel scope link src ${bridge}`] : []),
    ...kernel.routes().map(({ cidr, via }) => `${cidr} via ${via} dev eth0`),
  ];
  return `${rows.sort().join('\n')}\n`;
}

/** ip addr|address|a, ip route|r. */
export const ip: Program = async (process) => {
  const { kernel } = process;
  const [object = '', verb = 'show'] = process.argv.filter((word) => !word.startsWith('-'));
  const isShow = 'show'.startsWith(verb) || verb === 'list' || verb === 'ls';
  if (!kernel) {
    await process.stderr.write('RTNETLINK answers: Operation not permitted\n');
    return 2;
  }
  if (isShow && object !== '' && 'address'.startsWith(object)) await process.stdout.write(addressText(process, kernel));
  else if (isShow && object !== '' && 'route'.startsWith(object)) await process.stdout.write(routeText(kernel));
  else if (isShow) {
    await process.stderr.write(`Object "${object}" is unknown, try "ip help".\n`);
    return 1;
  } else {
    await process.stderr.write('RTNETLINK answers: Operation not permitted\n');
    return 2;
  }
  return 0;
};
