// Validation of containers (validation.validateContainers), with the API server's texts and order.
import {
  duplicate,
  forbiddenField,
  invalid,
  isConfigMapKey,
  isDns1123Label,
  isEnvVarName,
  isHttpHeaderName,
  isRelaxedEnvVarName,
  isValidPortName,
  isValidPortNumber,
  notFoundField,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '#apimachinery';
import type { Container, ContainerPort, EnvVar, EphemeralContainer, Volume } from '../types.ts';
import { validateHandler, validateProbes } from './probe-validation.ts';
import { validateResources } from './resource-validation.ts';

const protocols = ['SCTP', 'TCP', 'UDP'];
const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const envFieldPaths = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const resourceFields = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const otherFieldPaths = ['metadata.annotations', 'metadata.labels', 'spec.restartPolicy', 'status.phase'];
const maxUserId = 2_147_483_647;

function validatePorts(ports: readonly ContainerPort[], at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  ports.forEach((port, index) => {
    const field = at.index(index);
    if (port.name) {
      const problems = isValidPortName(port.name);
      for (const message of problems) errors.push(invalid(field.child('name'), port.name, message));
      if (!problems.length && names.has(port.name)) errors.push(duplicate(field.child('name'), port.name));
      names.add(port.name);
    }
    if (!port.containerPort) errors.push(required(field.child('containerPort')));
    else
      for (const message of isValidPortNumber(port.containerPort))
        errors.push(invalid(field.child('containerPort'), port.containerPort, message));
    if (port.hostPort)
      for (const message of isValidPortNumber(port.hostPort)) errors.push(invalid(field.child('hostPort'), port.hostPort, message));
    if (!port.protocol) errors.push(required(field.child('protocol')));
    else if (!protocols.includes(port.protocol)) errors.push(notSupported(field.child('protocol'), port.protocol, protocols));
  });
  return errors;
}

/** A fieldRef: `supported` are the paths allowed at this place. */
export function validateFieldRef(fieldPath: string | undefined, at: FieldPath, supported: readonly string[]): FieldError[] {
  if (!fieldPath) return [required(at.child('fieldPath'))];
  const subscripted = /^metadata\.(labels|annotations)\['.+'\]$/.test(fieldPath);
  if (subscripted || supported.includes(fieldPath)) return [];
  const known = [...envFieldPaths, ...otherFieldPaths].includes(fieldPath);
  if (!known) return [invalid(at.child('fieldPath'), fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`)];
  return [notSupported(at.child('fieldPath'), fieldPath, supported)];
}

function validateKeyRef(reference: { name?: string; key: string }, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (!reference.name) errors.push(required(at.child('name')));
  if (!reference.key) errors.push(required(at.child('key')));
  else for (const message of isConfigMapKey(reference.key)) errors.push(invalid(at.child('key'), reference.key, message));
  return errors;
}

function validateEnvSource(variable: EnvVar, at: FieldPath): FieldError[] {
  const { valueFrom } = variable;
  if (!valueFrom) return [];
  const errors: FieldError[] = [];
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = valueFrom;
  if (fieldRef) errors.push(...validateFieldRef(fieldRef.fieldPath, at.child('fieldRef'), envFieldPaths));
  if (resourceFieldRef) {
    const field = at.child('resourceFieldRef');
    if (!resourceFieldRef.resource) errors.push(required(field.child('resource')));
    else if (!resourceFields.includes(resourceFieldRef.resource) && !resourceFieldRef.resource.includes('hugepages-')) {
      errors.push(notSupported(field.child('resource'), resourceFieldRef.resource, resourceFields));
    }
  }
  if (configMapKeyRef) errors.push(...validateKeyRef(configMapKeyRef, at.child('configMapKeyRef')));
  if (secretKeyRef) errors.push(...validateKeyRef(secretKeyRef, at.child('secretKeyRef')));
  const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef].filter(Boolean).length;
  if (count === 0) errors.push(invalid(at, '', 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`'));
  else if (variable.value) errors.push(invalid(at, '', 'may not be specified when `value` is not empty'));
  if (count > 1) errors.push(invalid(at, '', 'may not have more than one field specified at a time'));
  return errors;
}

function validateEnv(container: Container | EphemeralContainer, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  (container.env ?? []).forEach((variable, index) => {
    const field = at.child('env').index(index);
    if (!variable.name) errors.push(required(field.child('name')));
    else for (const message of isRelaxedEnvVarName(variable.name)) errors.push(invalid(field.child('name'), variable.name, message));
    errors.push(...validateEnvSource(variable, field.child('valueFrom')));
  });
  (container.envFrom ?? []).forEach((source, index) => {
    const field = at.child('envFrom').index(index);
    if (source.prefix)
      for (const message of isEnvVarName(source.prefix)) errors.push(invalid(field.child('prefix'), source.prefix, message));
    if (source.configMapRef && !source.configMapRef.name) errors.push(required(field.child('configMapRef', 'name')));
    if (source.secretRef && !source.secretRef.name) errors.push(required(field.child('secretRef', 'name')));
    if (!source.configMapRef && !source.secretRef) errors.push(invalid(field, '', 'must specify one of: `configMapRef` or `secretRef`'));
    if (source.configMapRef && source.secretRef) errors.push(invalid(field, '', 'may not have more than one field specified at a time'));
  });
  return errors;
}

/** A path inside a volume: relative, without "..". */
export function validateLocalPath(path: string, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (path.startsWith('/')) errors.push(invalid(at, path, 'must be a relative path'));
  if (path.split('/').includes('..')) errors.push(invalid(at, path, "must not contain '..'"));
  return errors;
}

function validateMounts(container: Container | EphemeralContainer, volumes: readonly Volume[], at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const paths = new Set<string>();
  (container.volumeMounts ?? []).forEach((mount, index) => {
    const field = at.child('volumeMounts').index(index);
    if (!mount.name) errors.push(required(field.child('name')));
    else if (!volumes.some((volume) => volume.name === mount.name)) errors.push(notFoundField(field.child('name'), mount.name));
    if (!mount.mountPath) errors.push(required(field.child('mountPath')));
    else if (paths.has(mount.mountPath)) errors.push(invalid(field.child('mountPath'), mount.mountPath, 'must be unique'));
    paths.add(mount.mountPath);
    if (mount.subPath) errors.push(...validateLocalPath(mount.subPath, field.child('subPath')));
    if (mount.subPathExpr) {
      if (mount.subPath)
        errors.push(invalid(field.child('subPathExpr'), mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
      errors.push(...validateLocalPath(mount.subPathExpr, field.child('subPathExpr')));
    }
  });
  return errors;
}

function validateSecurityContext(container: Container | EphemeralContainer, at: FieldPath): FieldError[] {
  const context = container.securityContext;
  if (!context) return [];
  const field = at.child('securityContext');
  const errors: FieldError[] = [];
  for (const name of ['runAsUser', 'runAsGroup'] as const) {
    const value = context[name];
    if (value !== undefined && (value < 0 || value > maxUserId))
      errors.push(invalid(field.child(name), value, `must be between 0 and ${maxUserId}, inclusive`));
  }
  if (context.procMount && !['Default', 'Unmasked'].includes(context.procMount))
    errors.push(notSupported(field.child('procMount'), context.procMount, ['Default', 'Unmasked']));
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged) errors.push(invalid(field, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'));
    if (context.capabilities?.add?.includes('CAP_SYS_ADMIN'))
      errors.push(invalid(field, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'));
  }
  return errors;
}

/** What holds of containers of every sort. */
function validateCommon(container: Container | EphemeralContainer, volumes: readonly Volume[], at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (!container.name) errors.push(required(at.child('name')));
  else for (const message of isDns1123Label(container.name)) errors.push(invalid(at.child('name'), container.name, message));
  const { image = '' } = container;
  if (image === '') errors.push(required(at.child('image')));
  else if (image.trim() !== image) errors.push(invalid(at.child('image'), image, 'must not have leading or trailing whitespace'));
  const policy = container.terminationMessagePolicy;
  if (!policy) errors.push(required(at.child('terminationMessagePolicy')));
  else if (policy !== 'File' && policy !== 'FallbackToLogsOnError')
    errors.push(notSupported(at.child('terminationMessagePolicy'), policy, ['FallbackToLogsOnError', 'File']));
  errors.push(...validatePorts(container.ports ?? [], at.child('ports')));
  errors.push(...validateEnv(container, at));
  errors.push(...validateMounts(container, volumes, at));
  if (!container.imagePullPolicy) errors.push(required(at.child('imagePullPolicy')));
  else if (!pullPolicies.includes(container.imagePullPolicy))
    errors.push(notSupported(at.child('imagePullPolicy'), container.imagePullPolicy, pullPolicies));
  errors.push(...validateResources(container.resources, at.child('resources')));
  errors.push(...validateSecurityContext(container, at));
  return errors;
}

function validateLifecycle(container: Container, gracePeriodSeconds: number, at: FieldPath): FieldError[] {
  const { postStart, preStop } = container.lifecycle ?? {};
  const errors: FieldError[] = [];
  if (postStart) errors.push(...validateHandler(postStart, at.child('lifecycle', 'postStart'), gracePeriodSeconds));
  if (preStop) errors.push(...validateHandler(preStop, at.child('lifecycle', 'preStop'), gracePeriodSeconds));
  return errors;
}

/** The main containers; at least one. */
export function validateContainers(
  containers: readonly Container[],
  volumes: readonly Volume[],
  gracePeriodSeconds: number,
  at: FieldPath,
): FieldError[] {
  if (!containers.length) return [required(at)];
  const errors: FieldError[] = [];
  const names = new Set<string>();
  containers.forEach((container, index) => {
    const field = at.index(index);
    errors.push(...validateCommon(container, volumes, field));
    if (names.has(container.name)) errors.push(duplicate(field.child('name'), container.name));
    names.add(container.name);
    errors.push(...validateLifecycle(container, gracePeriodSeconds, field));
    errors.push(...validateProbes(container, gracePeriodSeconds, field));
    if (container.restartPolicy) errors.push(forbiddenField(field.child('restartPolicy'), 'may not be set for non-init containers'));
  });
  return [...errors, ...hostPortConflicts(containers, at)];
}

/** Init containers; those that restart always are sidecars and may have probes. */
export function validateInitContainers(
  containers: readonly Container[],
  regular: readonly Container[],
  volumes: readonly Volume[],
  gracePeriodSeconds: number,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set(regular.map((container) => container.name));
  containers.forEach((container, index) => {
    const field = at.index(index);
    errors.push(...validateCommon(container, volumes, field));
    if (container.restartPolicy && container.restartPolicy !== 'Always')
      errors.push(notSupported(field.child('restartPolicy'), container.restartPolicy, ['Always']));
    if (names.has(container.name)) errors.push(duplicate(field.child('name'), container.name));
    names.add(container.name);
    if (container.restartPolicy === 'Always') {
      errors.push(...validateLifecycle(container, gracePeriodSeconds, field), ...validateProbes(container, gracePeriodSeconds, field));
      return;
    }
    for (const forbidden of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
      if (container[forbidden])
        errors.push(forbiddenField(field.child(forbidden), 'may not be set for init containers without restartPolicy=Always'));
    }
  });
  return errors;
}

/** Ephemeral containers: no ports, probes, lifecycle or resources. */
export function validateEphemeralContainers(
  containers: readonly EphemeralContainer[],
  others: readonly Container[],
  volumes: readonly Volume[],
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set(others.map((container) => container.name));
  containers.forEach((container, index) => {
    const field = at.index(index);
    errors.push(...validateCommon(container, volumes, field));
    if (names.has(container.name)) errors.push(duplicate(field.child('name'), container.name));
    names.add(container.name);
    if (container.targetContainerName && !others.some((other) => other.name === container.targetContainerName)) {
      errors.push(notFoundField(field.child('targetContainerName'), container.targetContainerName));
    }
    for (const forbidden of ['ports', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'] as const) {
      if (container[forbidden]) errors.push(forbiddenField(field.child(forbidden), 'cannot be set for an Ephemeral Container'));
    }
    if (Object.keys(container.resources ?? {}).length)
      errors.push(forbiddenField(field.child('resources'), 'cannot be set for an Ephemeral Container'));
  });
  return errors;
}

function hostPortConflicts(containers: readonly Container[], at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  containers.forEach((container, index) => {
    (container.ports ?? []).forEach((port, position) => {
      if (!port.hostPort) return;
      const text = `${port.protocol ?? 'TCP'}/${port.hostIP ?? ''}/${port.hostPort}`;
      if (seen.has(text)) errors.push(duplicate(at.index(index).child('ports').index(position).child('hostPort'), text));
      seen.add(text);
    });
  });
  return errors;
}

/** Names of HTTP headers of a probe or hook. */
export function validateHeaders(headers: readonly { name: string }[] | undefined, at: FieldPath): FieldError[] {
  return (headers ?? []).flatMap(({ name }) => isHttpHeaderName(name).map((message) => invalid(at, name, message)));
}
