// VolumeAttachment: the wish to attach a volume to a node, and whether it is (registry/storage/volumeattachment).
import { immutableFieldMessage, invalid, path, required, semanticEqual, type FieldError } from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { keepOldStatus, statusSubresource } from '../status-subresource.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { VolumeAttachment } from '../types.ts';

const spec = path('spec');

function validate(object: VolumeAttachment): FieldError[] {
  const { attacher, nodeName, source } = object.spec;
  const errors: FieldError[] = [];
  if (!attacher) errors.push(required(spec.child('attacher'), attacher));
  if (!source.persistentVolumeName && !source.inlineVolumeSpec)
    errors.push(required(spec.child('source'), 'must specify one of inlineVolumeSpec and persistentVolumeName'));
  if (!nodeName) errors.push(required(spec.child('nodeName')));
  return errors;
}

/** The kind VolumeAttachment. */
export const volumeAttachment = defineKind<VolumeAttachment>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  scope: 'Cluster',
  schema: 'io.k8s.api.storage.v1.VolumeAttachment',
  storageVersionHash: 'tJx/ezt6UDU=',
  cachedOnDemand: true,
  subresources: [statusSubresource<VolumeAttachment>('VolumeAttachment')],
  strategy: {
    prepareForCreate(object) {
      object.status = { attached: false };
    },
    prepareForUpdate: keepOldStatus,
    validate,
    validateUpdate: (object, old) => (semanticEqual(object.spec, old.spec) ? [] : [invalid(spec, object.spec, immutableFieldMessage)]),
  },
  columns: [
    nameColumn(),
    { ...textColumn('Attacher', 'The driver.', (object) => object.spec.attacher), format: 'name' },
    textColumn('PV', 'The volume.', (object) => object.spec.source.persistentVolumeName ?? ''),
    textColumn('Node', 'The node.', (object) => object.spec.nodeName),
    {
      name: 'Attached',
      type: 'boolean',
      format: '',
      description: 'Whether it is attached.',
      priority: 0,
      value: (object) => object.status?.attached ?? false,
    },
    ageColumn(),
  ],
});
