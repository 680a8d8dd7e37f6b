// Mutating- and ValidatingWebhookConfiguration: programs outside the API server that have a say in writes (registry/admissionregistration).
import { invalid, notSupported, path, required, type FieldError, type KubeObject } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import type { Kind } from '../kind.ts';
import { ageColumn, integerColumn, nameColumn } from '../tables.ts';
import type { MutatingWebhook, MutatingWebhookConfiguration, ValidatingWebhookConfiguration } from '../types.ts';

type Configuration = KubeObject & { webhooks?: MutatingWebhook[] };

function setDefaults(object: Configuration): void {
  for (const webhook of object.webhooks ?? []) {
    webhook.failurePolicy ??= 'Fail';
    webhook.matchPolicy ??= 'Equivalent';
    webhook.namespaceSelector ??= {};
    webhook.objectSelector ??= {};
    webhook.timeoutSeconds ??= 10;
    if (object.kind === 'MutatingWebhookConfiguration') webhook.reinvocationPolicy ??= 'Never';
    if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
    for (const rule of webhook.rules ?? []) rule.scope ??= '*';
  }
}

function validateWebhook(webhook: MutatingWebhook, at: ReturnType<typeof path>): FieldError[] {
  const errors: FieldError[] = [];
  const { name, clientConfig, sideEffects, admissionReviewVersions = [], failurePolicy, timeoutSeconds = 10 } = webhook;
  if (name.split('.').length < 3)
    errors.push(invalid(at.child('name'), name, 'should be a domain with at least three segments separated by dots'));
  if (admissionReviewVersions.length === 0) errors.push(required(at.child('admissionReviewVersions'), 'must specify one of v1, v1beta1'));
  if (!sideEffects) errors.push(required(at.child('sideEffects'), 'must specify one of None, NoneOnDryRun'));
  else if (!['None', 'NoneOnDryRun'].includes(sideEffects))
    errors.push(notSupported(at.child('sideEffects'), sideEffects, ['None', 'NoneOnDryRun']));
  if (failurePolicy && !['Fail', 'Ignore'].includes(failurePolicy))
    errors.push(notSupported(at.child('failurePolicy'), failurePolicy, ['Fail', 'Ignore']));
  if (timeoutSeconds < 1 || timeoutSeconds > 30)
    errors.push(invalid(at.child('timeoutSeconds'), timeoutSeconds, 'the timeout value must be between 1 and 30 seconds'));
  if ((clientConfig?.url === undefined) === (clientConfig?.service === undefined))
    errors.push(required(at.child('clientConfig'), 'exactly one of url or service is required'));
  return errors;
}

const validate = (object: Configuration): FieldError[] =>
  (object.webhooks ?? []).flatMap((webhook, index) => validateWebhook(webhook, path('webhooks').index(index)));

function configuration<T extends Configuration>(kind: string, plural: string, storageVersionHash: string): Kind<T> {
  return defineKind<T>({
    group: 'admissionregistration.k8s.io',
    version: 'v1',
    kind,
    plural,
    categories: ['api-extensions'],
    scope: 'Cluster',
    schema: `io.k8s.api.admissionregistration.v1.${kind}`,
    storageVersionHash,
    cachedOnDemand: true,
    strategy: { tracksGeneration: true, setDefaults, validate, validateUpdate: validate },
    columns: [nameColumn(), integerColumn('Webhooks', 'How many there are.', (object) => object.webhooks?.length ?? 0), ageColumn()],
  });
}

/** The kind MutatingWebhookConfiguration. */
export const mutatingWebhookConfiguration = configuration<MutatingWebhookConfiguration>(
  'MutatingWebhookConfiguration',
  'mutatingwebhookconfigurations',
  'Sqi0GUgDaX0=',
);
/** The kind ValidatingWebhookConfiguration. */
export const validatingWebhookConfiguration = configuration<ValidatingWebhookConfiguration & Configuration>(
  'ValidatingWebhookConfiguration',
  'validatingwebhookconfigurations',
  'B0wHjQmsGNk=',
);
