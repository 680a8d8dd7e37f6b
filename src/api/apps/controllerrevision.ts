// ControllerRevision: a saved template of a DaemonSet or StatefulSet (registry/apps/controllerrevision).
import {
  controllerOf,
  formatGroupResource,
  immutableFieldMessage,
  invalid,
  parseGroupVersion,
  path,
  semanticEqual,
  type FieldError,
} from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import { ageColumn, nameColumn, textColumn } from '../tables.ts';
import type { ControllerRevision } from '../types.ts';

function validate(object: ControllerRevision): FieldError[] {
  return object.revision < 0 ? [invalid(path('revision'), object.revision, 'must be greater than or equal to 0')] : [];
}

function controllerCell(object: ControllerRevision): string {
  const owner = controllerOf(object);
  if (!owner) return '<none>';
  return `${formatGroupResource({ group: parseGroupVersion(owner.apiVersion).group, resource: owner.kind.toLowerCase() })}/${owner.name}`;
}

/** The kind ControllerRevision. */
export const controllerRevision = defineKind<ControllerRevision>({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  schema: 'io.k8s.api.apps.v1.ControllerRevision',
  storageVersionHash: '85nkx63pcBU=',
  strategy: {
    validate,
    validateUpdate(object, old) {
      const errors = validate(object);
      if (!semanticEqual(object.data, old.data)) errors.push(invalid(path('data'), object.data, immutableFieldMessage));
      return errors;
    },
  },
  columns: [
    nameColumn(),
    textColumn('Controller', 'Whose revision it is.', controllerCell),
    textColumn('Revision', 'Number of the revision.', (object) => object.revision),
    ageColumn(),
  ],
});
