/** What an admission plugin is, and the chain that runs them: first every one that may change the object, later every one that may only refuse. */
import type { Kind } from '#api';
import { forbidden, type KubeObject, type StatusError } from '#apimachinery';
import type { Core, User } from '../core.ts';

/** What is to be admitted. */
export interface AdmissionAttributes {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  /** The kind of the resource (of the parent for subresources). */
  readonly kind: Kind;
  readonly subresource: string;
  readonly namespace: string;
  /** '' while a name is still to be generated. */
  readonly name: string;
  /** The object to be stored, changed in place by mutating plugins; undefined for DELETE. */
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
  readonly user: User;
  readonly dryRun: boolean;
  readonly nowMs: number;
  /** Texts for Warning headers. */
  readonly warnings: Set<string>;
}

/** One admission plugin. `name` is its name in --enable-admission-plugins. */
export interface AdmissionPlugin {
  readonly name: string;
  /** Changes the object in place, or throws. */
  admit?(attributes: AdmissionAttributes, core: Core): Promise<void>;
  /** Throws where the object may not be stored. */
  validate?(attributes: AdmissionAttributes, core: Core): Promise<void>;
}

/** The refusal of a plugin: 'pods "x" is forbidden: …'. */
export function refuse(attributes: AdmissionAttributes, detail: string): StatusError {
  return forbidden({ group: attributes.kind.group, resource: attributes.kind.plural }, attributes.name, detail);
}

/** Whether the attributes are about a resource itself, not a subresource of it. */
export function isAbout(attributes: AdmissionAttributes, group: string, plural: string): boolean {
  return attributes.subresource === '' && attributes.kind.group === group && attributes.kind.plural === plural;
}

/** The enabled plugins in the order they run. */
export interface AdmissionChain {
  readonly names: readonly string[];
  admit(attributes: AdmissionAttributes, core: Core): Promise<void>;
  validate(attributes: AdmissionAttributes, core: Core): Promise<void>;
}

/** The chain of the given plugins. */
export function createAdmissionChain(plugins: readonly AdmissionPlugin[]): AdmissionChain {
  const mutating = plugins.filter((plugin) => plugin.admit);
  const validating = plugins.filter((plugin) => plugin.validate);
  return {
    names: plugins.map((plugin) => plugin.name),
    async admit(attributes, core) {
      for (const plugin of mutating) await plugin.admit?.(attributes, core);
    },
    async validate(attributes, core) {
      for (const plugin of validating) await plugin.validate?.(attributes, core);
    },
  };
}
