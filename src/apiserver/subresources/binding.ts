/** pods/binding: the scheduler's word where a pod goes. Only an unassigned pod that is not being deleted can be bound. */
import { storageKey, type Kind, type Pod } from '#api';
import {
  badRequest,
  conflict,
  formatTime,
  invalidObject,
  notFound,
  notSupported,
  required,
  setCondition,
  type FieldError,
  type KubeObject,
} from '#apimachinery';
import type { AdmissionAttributes } from '../admission/plugin.ts';
import { admitMutating } from '../chain/3-mutating-admission.ts';
import { admitValidating } from '../chain/5-validating-admission.ts';
import { decodeBody, readWriteOptions } from '../chain/4-validation.ts';
import type { Core, Exchange, ObjectReply } from '../core.ts';
import { question } from '../reviews/kinds.ts';
import { copyOf } from '../store/codec.ts';
import type { UpdateDecision } from '../store/object-store.ts';

const bindingKind = question('', 'Binding', 'Namespaced');
type Binding = KubeObject & { target?: { kind?: string; name?: string } };

function checkBinding(binding: Binding): void {
  const errors: FieldError[] = [];
  const targetKind = binding.target?.kind ?? '';
  if (targetKind !== '' && targetKind !== 'Node') errors.push(notSupported('target.kind', targetKind, ['Node', '<empty>']));
  if (!binding.target?.name) errors.push(required('target.name', ''));
  if (errors.length > 0) throw invalidObject({ group: '', kind: 'Binding' }, binding.metadata.name, errors);
}

function bind(pod: Pod, binding: Binding, nowMs: number): Pod {
  const resource = { group: '', resource: 'pods/binding' };
  const { name } = pod.metadata;
  if (pod.metadata.deletionTimestamp) throw conflict(resource, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  if (pod.spec?.nodeName) throw conflict(resource, name, `pod ${name} is already assigned to node "${pod.spec.nodeName}"`);
  if (pod.spec?.schedulingGates?.length) throw conflict(resource, name, `pod ${name} has non-empty .spec.schedulingGates`);
  pod.spec = { ...pod.spec!, nodeName: binding.target!.name! };
  if (binding.metadata.annotations) pod.metadata.annotations = { ...pod.metadata.annotations, ...binding.metadata.annotations };
  const condition = { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: formatTime(nowMs) };
  const conditions = setCondition(
    pod.status?.conditions as { type: string; status: string }[] | undefined,
    condition as { type: string; status: string },
    formatTime(nowMs),
  );
  pod.status = { ...pod.status, conditions } as NonNullable<Pod['status']>;
  return pod;
}

/** Serves POST of a binding. Throws 409 for a pod that is taken. */
export async function serveBinding(core: Core, exchange: Exchange, kind: Kind): Promise<ObjectReply> {
  const { namespace, name } = exchange.info;
  const options = readWriteOptions(exchange, 'CreateOptions');
  const binding = (await decodeBody(exchange, bindingKind, options.fieldValidation)) as Binding;
  const podName = name || binding.metadata.name;
  if (name && binding.metadata.name && binding.metadata.name !== name)
    throw badRequest('name in URL does not match name in Binding object');
  checkBinding(binding);
  const attributes: AdmissionAttributes = {
    operation: 'CREATE',
    kind,
    subresource: 'binding',
    namespace,
    name: podName,
    object: binding,
    old: undefined,
    user: exchange.user,
    dryRun: options.dryRun,
    nowMs: exchange.nowMs,
    warnings: exchange.warnings,
  };
  await admitMutating(core, attributes);
  await admitValidating(core, attributes);
  const key = storageKey(kind, podName, namespace);
  await core.store.update(kind, key, async (current): Promise<UpdateDecision> => {
    if (!current) throw notFound({ group: '', resource: 'pods' }, podName);
    const pod = bind(copyOf(current.object) as Pod, binding, exchange.nowMs);
    return options.dryRun ? { keep: true } : { put: pod };
  });
  return { status: 201, object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } };
}
