// Validation of Services (validation.ValidateService), with the API server's texts.
import {
  duplicate,
  goValue,
  forbiddenField,
  invalid,
  isDns1123Label,
  isDns1123Subdomain,
  isValidIp,
  isValidPortName,
  isValidPortNumber,
  notSupported,
  path,
  quoteGo,
  required,
  validateLabels,
  type FieldError,
} from '#apimachinery';
import type { Service, ServicePort } from '../types.ts';

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const spec = path('spec');

function validatePort(port: ServicePort, index: number, needsName: boolean, headless: boolean, names: Set<string>): FieldError[] {
  const at = spec.child('ports').index(index);
  const errors: FieldError[] = [];
  if (needsName && !port.name) errors.push(required(at.child('name')));
  else if (port.name) {
    for (const message of isDns1123Label(port.name)) errors.push(invalid(at.child('name'), port.name, message));
    if (names.has(port.name)) errors.push(duplicate(at.child('name'), port.name));
    names.add(port.name);
  }
  for (const message of isValidPortNumber(port.port)) errors.push(invalid(at.child('port'), port.port, message));
  if (!port.protocol) errors.push(required(at.child('protocol')));
  else if (!protocols.includes(port.protocol)) errors.push(notSupported(at.child('protocol'), port.protocol, protocols));
  const { targetPort } = port;
  if (typeof targetPort === 'number')
    for (const message of isValidPortNumber(targetPort)) errors.push(invalid(at.child('targetPort'), targetPort, message));
  else if (targetPort !== undefined)
    for (const message of isValidPortName(targetPort)) errors.push(invalid(at.child('targetPort'), targetPort, message));
  if (headless && targetPort !== undefined && port.port !== targetPort && typeof targetPort === 'number' && port.nodePort) {
    errors.push(invalid(at.child('nodePort'), port.nodePort, "may not be used when `clusterIP` is 'None'"));
  }
  return errors;
}

function validatePorts(service: Service): FieldError[] {
  const { ports = [], clusterIP, type } = service.spec ?? {};
  const headless = clusterIP === 'None';
  const errors: FieldError[] = [];
  if (!ports.length && !headless && type !== 'ExternalName') errors.push(required(spec.child('ports')));
  const names = new Set<string>();
  ports.forEach((port, index) => errors.push(...validatePort(port, index, ports.length > 1, headless, names)));
  const seen = new Set<string>();
  ports.forEach((port, index) => {
    const identity = `${port.protocol}/${port.port}`;
    if (seen.has(identity)) {
      const shown = `core.ServicePort{Name:"", Protocol:${quoteGo(port.protocol ?? '')}, AppProtocol:(*string)(nil), Port:${port.port}, TargetPort:intstr.IntOrString{Type:0, IntVal:0, StrVal:""}, NodePort:0}`;
      errors.push(duplicate(spec.child('ports').index(index), goValue(shown)));
    }
    seen.add(identity);
    if (port.nodePort && type !== 'NodePort' && type !== 'LoadBalancer') {
      errors.push(forbiddenField(spec.child('ports').index(index).child('nodePort'), "may not be used when `type` is 'ClusterIP'"));
    }
  });
  return errors;
}

/** Everything wrong with a Service. */
export function validateService(service: Service): FieldError[] {
  const errors = validatePorts(service);
  const { type, selector, sessionAffinity, clusterIP, externalName, externalIPs = [], externalTrafficPolicy } = service.spec ?? {};
  errors.push(...validateLabels(selector, spec.child('selector')));
  if (!type) errors.push(required(spec.child('type')));
  else if (!types.includes(type)) errors.push(notSupported(spec.child('type'), type, types));
  if (!sessionAffinity) errors.push(required(spec.child('sessionAffinity')));
  else if (sessionAffinity !== 'None' && sessionAffinity !== 'ClientIP')
    errors.push(notSupported(spec.child('sessionAffinity'), sessionAffinity, ['ClientIP', 'None']));
  if (clusterIP && clusterIP !== 'None')
    for (const message of isValidIp(clusterIP)) errors.push(invalid(spec.child('clusterIPs').index(0), clusterIP, message));
  if (clusterIP === 'None' && (type === 'NodePort' || type === 'LoadBalancer')) {
    errors.push(invalid(spec.child('clusterIPs').index(0), 'None', `may not be set to 'None' for ${type} services`));
  }
  externalIPs.forEach((address, index) => {
    for (const message of isValidIp(address)) errors.push(invalid(spec.child('externalIPs').index(index), address, message));
  });
  if (type === 'ExternalName') {
    if (clusterIP) errors.push(forbiddenField(spec.child('clusterIPs'), 'may not be set when type is ExternalName'));
    if (!externalName) errors.push(required(spec.child('externalName')));
    else
      for (const message of isDns1123Subdomain(externalName.replace(/\.$/, '')))
        errors.push(invalid(spec.child('externalName'), externalName, message));
  }
  if (externalTrafficPolicy && externalTrafficPolicy !== 'Cluster' && externalTrafficPolicy !== 'Local') {
    errors.push(notSupported(spec.child('externalTrafficPolicy'), externalTrafficPolicy, ['Cluster', 'Local']));
  }
  return errors;
}

/** A change of a Service: the cluster address stays unless the type changes from or to ExternalName. */
export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  const errors: FieldError[] = [];
  const before = old.spec?.clusterIPs ?? (old.spec?.clusterIP ? [old.spec.clusterIP] : []);
  const after = service.spec?.clusterIPs ?? (service.spec?.clusterIP ? [service.spec.clusterIP] : []);
  if (old.spec?.type !== 'ExternalName' && service.spec?.type !== 'ExternalName' && before[0] && before[0] !== after[0]) {
    errors.push(invalid(spec.child('clusterIPs').index(0), after, 'may not change once set'));
  }
  return [...errors, ...validateService(service)];
}
