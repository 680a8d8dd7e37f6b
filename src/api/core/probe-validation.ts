// Validation of probes and lifecycle handlers (validation.validateProbe, validateHandler).
import {
  forbiddenField,
  invalid,
  isHttpHeaderName,
  isValidPortName,
  isValidPortNumber,
  notSupported,
  required,
  type FieldError,
  type FieldPath,
} from '#apimachinery';
import type { Container, LifecycleHandler, Probe } from '../types.ts';

const notNegative = 'must be greater than or equal to 0';

function validatePort(port: number | string | undefined, at: FieldPath): FieldError[] {
  if (typeof port === 'string') return isValidPortName(port).map((message) => invalid(at, port, message));
  return isValidPortNumber(port ?? 0).map((message) => invalid(at, port ?? 0, message));
}

/** A handler: exactly one way to act. */
export function validateHandler(handler: LifecycleHandler & Pick<Probe, 'grpc'>, at: FieldPath, gracePeriodSeconds: number): FieldError[] {
  const errors: FieldError[] = [];
  let handlers = 0;
  const isOneTooMany = (name: string): boolean => {
    handlers++;
    if (handlers > 1) errors.push(forbiddenField(at.child(name), 'may not specify more than 1 handler type'));
    return handlers > 1;
  };
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  if (exec && !isOneTooMany('exec') && !exec.command?.length) errors.push(required(at.child('exec', 'command')));
  if (httpGet && !isOneTooMany('httpGet')) {
    const field = at.child('httpGet');
    if (!httpGet.path) errors.push(required(field.child('path')));
    errors.push(...validatePort(httpGet.port, field.child('port')));
    if (httpGet.scheme !== 'HTTP' && httpGet.scheme !== 'HTTPS')
      errors.push(notSupported(field.child('scheme'), httpGet.scheme ?? '', ['HTTP', 'HTTPS']));
    for (const header of httpGet.httpHeaders ?? [])
      for (const message of isHttpHeaderName(header.name)) errors.push(invalid(field.child('httpHeaders'), header.name, message));
  }
  if (tcpSocket && !isOneTooMany('tcpSocket')) errors.push(...validatePort(tcpSocket.port, at.child('tcpSocket', 'port')));
  if (grpc && !isOneTooMany('grpc')) errors.push(...validatePort(grpc.port, at.child('grpc', 'port')));
  if (sleep && !isOneTooMany('sleep') && (sleep.seconds < 0 || sleep.seconds > gracePeriodSeconds)) {
    const detail = `must be greater than or equal to 0 and less than terminationGracePeriodSeconds (${gracePeriodSeconds}). Enable AllowPodLifecycleSleepActionZeroValue feature gate for zero sleep.`;
    errors.push(invalid(at.child('sleep'), sleep.seconds, detail));
  }
  if (handlers === 0) errors.push(required(at, 'must specify a handler type'));
  return errors;
}

function validateProbe(probe: Probe, at: FieldPath, gracePeriodSeconds: number): FieldError[] {
  const errors = validateHandler(probe, at, gracePeriodSeconds);
  for (const field of ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'] as const) {
    const value = probe[field] ?? 0;
    if (value < 0) errors.push(invalid(at.child(field), value, notNegative));
  }
  const grace = probe.terminationGracePeriodSeconds;
  if (grace !== undefined && grace <= 0) errors.push(invalid(at.child('terminationGracePeriodSeconds'), grace, 'must be greater than 0'));
  return errors;
}

/** The three probes of a container; only readiness may need more than one success. */
export function validateProbes(container: Container, gracePeriodSeconds: number, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const { livenessProbe, readinessProbe, startupProbe } = container;
  if (livenessProbe) {
    errors.push(...validateProbe(livenessProbe, at.child('livenessProbe'), gracePeriodSeconds));
    if (livenessProbe.successThreshold !== 1)
      errors.push(invalid(at.child('livenessProbe', 'successThreshold'), livenessProbe.successThreshold ?? 0, 'must be 1'));
  }
  if (readinessProbe) {
    errors.push(...validateProbe(readinessProbe, at.child('readinessProbe'), gracePeriodSeconds));
    if (readinessProbe.terminationGracePeriodSeconds !== undefined) {
      errors.push(
        invalid(
          at.child('readinessProbe', 'terminationGracePeriodSeconds'),
          readinessProbe.terminationGracePeriodSeconds,
          'must not be set for readinessProbes',
        ),
      );
    }
  }
  if (startupProbe) {
    errors.push(...validateProbe(startupProbe, at.child('startupProbe'), gracePeriodSeconds));
    if (startupProbe.successThreshold !== 1)
      errors.push(invalid(at.child('startupProbe', 'successThreshold'), startupProbe.successThreshold ?? 0, 'must be 1'));
  }
  return errors;
}
