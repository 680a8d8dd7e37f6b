/** Values of fieldRef and resourceFieldRef: the downward API as environment variables and files use it. */
import type { Container, Pod } from '#api';
import { milliValue, quantityValue } from '#apimachinery';

/** What of the node fields may name. */
export interface NodeFacts {
  readonly nodeName: string;
  readonly hostIp: string;
  readonly podIps: readonly string[];
  readonly allocatable: { readonly cpuMillis: number; readonly memoryBytes: number; readonly storageBytes: number };
}

const formatMap = (map: Readonly<Record<string, string>> | undefined): string =>
  Object.keys(map ?? {})
    .sort()
    .map((key) => `${key}=${JSON.stringify(map![key])}`)
    .join('\n');

/** The text of a field path. Throws an Error with the kubelet's text for a path it does not know. */
export function fieldValue(pod: Pod, path: string, facts: NodeFacts): string {
  const subscript = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path);
  if (subscript) return pod.metadata[subscript[1] as 'labels' | 'annotations']?.[subscript[2]!] ?? '';
  switch (path) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid ?? '';
    case 'metadata.labels':
      return formatMap(pod.metadata.labels);
    case 'metadata.annotations':
      return formatMap(pod.metadata.annotations);
    case 'spec.nodeName':
      return facts.nodeName;
    case 'spec.serviceAccountName':
      return pod.spec?.serviceAccountName ?? '';
    case 'status.hostIP':
    case 'status.hostIPs':
      return facts.hostIp;
    case 'status.podIP':
      return facts.podIps[0] ?? '';
    case 'status.podIPs':
      return facts.podIps.join(',');
    default:
      throw new Error(`unsupported fieldPath: ${path}`);
  }
}

const ceilDivide = (value: number, divisor: number): number => Math.ceil(value / (divisor || 1));

/** The text of a resource field: `limits.cpu` in whole units of the divisor, rounded up; a missing limit is the node's allocatable. */
export function resourceValue(container: Container, resource: string, divisor: string | number | undefined, facts: NodeFacts): string {
  const [kind, ...rest] = resource.split('.');
  const name = rest.join('.');
  const list = kind === 'limits' ? container.resources?.limits : container.resources?.requests;
  const given = list?.[name] ?? (kind === 'requests' ? container.resources?.limits?.[name] : undefined);
  const isCpu = name === 'cpu';
  const unit = divisor === undefined || divisor === '0' || divisor === 0 ? '1' : divisor;
  if (isCpu) {
    const millis = given === undefined ? (kind === 'limits' ? facts.allocatable.cpuMillis : 0) : milliValue(given);
    return String(ceilDivide(millis, milliValue(unit)));
  }
  const fallback = kind !== 'limits' ? 0 : name === 'memory' ? facts.allocatable.memoryBytes : facts.allocatable.storageBytes;
  return String(ceilDivide(given === undefined ? fallback : quantityValue(given), quantityValue(unit)));
}
