/** The environment of a container: services, envFrom, env with its references, and $(VAR) expansion, in the kubelet's order. */
import type { Container, Pod, Service } from '#api';
import { isNotFound, StatusError } from '#apimachinery';
import type { ApiReader } from './context.ts';
import { fieldValue, resourceValue, type NodeFacts } from './field-values.ts';

/** A container whose configuration cannot be made; `reason` is CreateContainerConfigError. */
export class ContainerConfigError extends Error {}

/** Expands $(NAME) references; $$ is a dollar, an unknown reference stays as it is. */
export function expand(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$(\$|\(([^()]*)\))/g, (whole, kind: string, name: string | undefined) => {
    if (kind === '$') return '$';
    return name !== undefined && Object.hasOwn(values, name) ? values[name]! : whole;
  });
}

const MASTER_SERVICES: readonly string[] = ['kubernetes'];

/** The variables of services, as Docker links named them. */
export function serviceVariables(services: readonly Service[], namespace: string, linksEnabled: boolean): Record<string, string> {
  const chosen = new Map<string, Service>();
  const hasAddress = (service: Service): boolean => Boolean(service.spec?.clusterIP && service.spec.clusterIP !== 'None');
  for (const service of services) {
    const { name } = service.metadata;
    if (!hasAddress(service)) continue;
    if (service.metadata.namespace === namespace && linksEnabled) chosen.set(name, service);
    else if (service.metadata.namespace === 'default' && MASTER_SERVICES.includes(name) && !chosen.has(name)) chosen.set(name, service);
  }
  const env: Record<string, string> = {};
  for (const [name, service] of [...chosen].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const prefix = name.toUpperCase().replaceAll('-', '_');
    const ip = service.spec!.clusterIP!;
    const ports = service.spec!.ports ?? [];
    const first = ports[0];
    if (!first) continue;
    env[`${prefix}_SERVICE_HOST`] = ip;
    env[`${prefix}_SERVICE_PORT`] = String(first.port);
    for (const port of ports)
      if (port.name) env[`${prefix}_SERVICE_PORT_${port.name.toUpperCase().replaceAll('-', '_')}`] = String(port.port);
    const protocolOf = (port: { protocol?: string }): string => (port.protocol ?? 'TCP').toLowerCase();
    env[`${prefix}_PORT`] = `${protocolOf(first)}://${ip}:${first.port}`;
    for (const port of ports) {
      const protocol = protocolOf(port);
      const name = `${prefix}_PORT_${port.port}_${protocol.toUpperCase()}`;
      env[name] = `${protocol}://${ip}:${port.port}`;
      env[`${name}_PROTO`] = protocol;
      env[`${name}_PORT`] = String(port.port);
      env[`${name}_ADDR`] = ip;
    }
  }
  return env;
}

/** Runs a read of the API; a missing object is the container's configuration error unless it is optional. */
async function readOptional<T>(read: Promise<T>, optional: boolean | undefined): Promise<T | undefined> {
  try {
    return await read;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    if (optional && isNotFound(error)) return undefined;
    throw new ContainerConfigError(error.message);
  }
}

const decode = (base64: string): string => new TextDecoder().decode(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));

interface Sources {
  configMap(name: string, optional: boolean | undefined): Promise<Readonly<Record<string, string>> | undefined>;
  secret(name: string, optional: boolean | undefined): Promise<Readonly<Record<string, string>> | undefined>;
}

function sourcesOf(api: ApiReader | undefined, namespace: string): Sources {
  const require = (): ApiReader => {
    if (!api) throw new ContainerConfigError('the kubelet has no API server to read from');
    return api;
  };
  return {
    configMap: async (name, optional) =>
      await readOptional(require().configMap(namespace, name), optional).then((object) => object && { ...object.data }),
    async secret(name, optional) {
      const object = await readOptional(require().secret(namespace, name), optional);
      return object && Object.fromEntries(Object.entries(object.data ?? {}).map(([key, value]) => [key, decode(value)]));
    },
  };
}

/** Makes the environment. Throws ContainerConfigError; rejects as the API does where it cannot be reached. */
export async function makeEnvironment(
  pod: Pod,
  container: Container,
  api: ApiReader | undefined,
  facts: NodeFacts,
): Promise<Record<string, string>> {
  const namespace = pod.metadata.namespace ?? 'default';
  const sources = sourcesOf(api, namespace);
  const isStatic = pod.metadata.annotations?.['kubernetes.io/config.source'] !== undefined;
  const services = isStatic ? undefined : await api?.services();
  if (api && !services && !isStatic)
    throw new ContainerConfigError('services have not yet been read at least once, cannot construct envvars');
  const ofServices = serviceVariables(services ?? [], namespace, pod.spec?.enableServiceLinks !== false);
  const result: Record<string, string> = { ...ofServices };
  for (const from of container.envFrom ?? []) {
    const configMap = from.configMapRef && (await sources.configMap(from.configMapRef.name ?? '', from.configMapRef.optional));
    const secret = from.secretRef && (await sources.secret(from.secretRef.name ?? '', from.secretRef.optional));
    for (const [key, value] of Object.entries({ ...configMap, ...secret })) result[`${from.prefix ?? ''}${key}`] = value;
  }
  const own: Record<string, string> = {};
  for (const variable of container.env ?? []) {
    const { valueFrom } = variable;
    if (!valueFrom) {
      own[variable.name] = result[variable.name] = expand(variable.value ?? '', { ...result, ...own });
      continue;
    }
    const keyRef = valueFrom.configMapKeyRef ?? valueFrom.secretKeyRef;
    if (valueFrom.fieldRef) result[variable.name] = fieldValue(pod, valueFrom.fieldRef.fieldPath, facts);
    else if (valueFrom.resourceFieldRef)
      result[variable.name] = resourceValue(
        container,
        valueFrom.resourceFieldRef.resource,
        valueFrom.resourceFieldRef.divisor as string | undefined,
        facts,
      );
    else if (keyRef) {
      const kind = valueFrom.configMapKeyRef ? 'ConfigMap' : 'Secret';
      const name = keyRef.name ?? '';
      const data = await (kind === 'ConfigMap' ? sources.configMap(name, keyRef.optional) : sources.secret(name, keyRef.optional));
      const value = data?.[keyRef.key];
      if (value === undefined && !keyRef.optional)
        throw new ContainerConfigError(`couldn't find key ${keyRef.key} in ${kind} ${namespace}/${name}`);
      if (value !== undefined) result[variable.name] = value;
    }
    if (result[variable.name] !== undefined) own[variable.name] = result[variable.name]!;
  }
  // What the pod says comes first, the services' variables after it.
  const stated = Object.entries(result).filter(([name, value]) => ofServices[name] !== value);
  return { ...Object.fromEntries(stated), ...result };
}
