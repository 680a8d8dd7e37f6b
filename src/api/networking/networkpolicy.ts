// NetworkPolicy: who may talk to pods, and to whom they may talk (registry/networking/networkpolicy). A network plug-in enforces it.
import {
  forbiddenField,
  formatLabelSelector,
  invalid,
  isValidCidr,
  notSupported,
  path,
  required,
  validateLabelSelector,
  type FieldError,
  type FieldPath,
  type LabelSelector,
} from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '../types.ts';

const spec = path('spec');
const types = ['Egress', 'Ingress'];
const protocols = ['SCTP', 'TCP', 'UDP'];

function setDefaults(object: NetworkPolicy): void {
  const target = object.spec;
  if (!target) return;
  for (const { ports = [] } of [...(target.ingress ?? []), ...(target.egress ?? [])]) for (const port of ports) port.protocol ??= 'TCP';
  if (!target.policyTypes?.length) target.policyTypes = target.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
}

function validatePeer({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, at: FieldPath): FieldError[] {
  if (ipBlock && (podSelector || namespaceSelector)) return [forbiddenField(at, 'may not specify both ipBlock and another peer')];
  if (!ipBlock && !podSelector && !namespaceSelector) return [required(at, 'must specify a peer')];
  const errors = [
    ...validateLabelSelector(podSelector as LabelSelector | undefined, at.child('podSelector')),
    ...validateLabelSelector(namespaceSelector as LabelSelector | undefined, at.child('namespaceSelector')),
  ];
  if (ipBlock) errors.push(...isValidCidr(ipBlock.cidr).map((message) => invalid(at.child('ipBlock', 'cidr'), ipBlock.cidr, message)));
  return errors;
}

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (protocol && !protocols.includes(protocol)) errors.push(notSupported(at.child('protocol'), protocol, protocols));
  if (typeof port === 'number' && (port < 1 || port > 65_535))
    errors.push(invalid(at.child('port'), port, 'must be between 1 and 65535, inclusive'));
  if (endPort !== undefined && typeof port === 'number' && endPort < port)
    errors.push(invalid(at.child('endPort'), endPort, 'must be greater than or equal to `port`'));
  if (endPort !== undefined && port === undefined)
    errors.push(required(at.child('port'), 'may not be left out when `endPort` is specified'));
  return errors;
}

function validate(object: NetworkPolicy): FieldError[] {
  const { podSelector, ingress = [], egress = [], policyTypes = [] } = object.spec ?? { podSelector: {} };
  const errors = validateLabelSelector(podSelector as LabelSelector | undefined, spec.child('podSelector'));
  const check = (
    name: string,
    index: number,
    peers: readonly NetworkPolicyPeer[],
    ports: readonly NetworkPolicyPort[],
    side: string,
  ): void => {
    const at = spec.child(name).index(index);
    errors.push(...ports.flatMap((port, each) => validatePort(port, at.child('ports').index(each))));
    errors.push(...peers.flatMap((peer, each) => validatePeer(peer, at.child(side).index(each))));
  };
  ingress.forEach(({ from = [], ports = [] }, index) => check('ingress', index, from, ports, 'from'));
  egress.forEach(({ to = [], ports = [] }, index) => check('egress', index, to, ports, 'to'));
  policyTypes.forEach((type, index) => {
    if (!types.includes(type)) errors.push(notSupported(spec.child('policyTypes').index(index), type, types));
  });
  return errors;
}

/** The kind NetworkPolicy. */
export const networkPolicy = defineKind<NetworkPolicy>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  shortNames: ['netpol'],
  schema: 'io.k8s.api.networking.v1.NetworkPolicy',
  storageVersionHash: 'YpfwF18m1G8=',
  cachedOnDemand: true,
  strategy: { tracksGeneration: true, setDefaults, validate, validateUpdate: validate },
  columns: [
    nameColumn(),
    textColumn('Pod-Selector', 'The pods it is for.', (object) =>
      formatLabelSelector(object.spec?.podSelector as LabelSelector | undefined),
    ),
    ageColumn(),
  ],
});
