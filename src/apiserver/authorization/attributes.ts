/** What an authorizer judges: who wants to do what to which resource or path; and how a refusal is put into words. */
import { formatGroupResource } from '#apimachinery';
import type { User } from '../core.ts';
import type { RequestInfo } from '../request-info.ts';

/** The question. */
export interface Attributes {
  readonly user: User;
  readonly verb: string;
  readonly isResource: boolean;
  readonly namespace: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** The path of a non-resource request. */
  readonly path: string;
  /** The field selector of a list or watch, for the Node authorizer. */
  readonly fieldSelector?: string;
}

/** The answer. A reason explains a refusal where an authorizer has one, or says what allowed it. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

/** The question a request puts. */
export function attributesOf(info: RequestInfo, user: User): Attributes {
  const { verb, isResource, namespace, group, version, resource, subresource, name, path, query } = info;
  return {
    user,
    verb,
    isResource,
    namespace,
    group,
    version,
    resource,
    subresource,
    name,
    path,
    fieldSelector: query.get('fieldSelector') ?? '',
  };
}

/** The middle of a Forbidden message: 'User "x" cannot list resource "pods" in API group "" in the namespace "default"'. */
export function forbiddenDetail(attributes: Attributes, reason: string): string {
  const { user, verb, group, namespace } = attributes;
  const suffix = reason ? `: ${reason}` : '';
  if (!attributes.isResource) return `User "${user.name}" cannot ${verb} path "${attributes.path}"${suffix}`;
  const resource = attributes.subresource ? `${attributes.resource}/${attributes.subresource}` : attributes.resource;
  const where = namespace ? `in the namespace "${namespace}"` : 'at the cluster scope';
  return `User "${user.name}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}${suffix}`;
}

/** The resource as details and messages name it. */
export function resourceText(attributes: Attributes): string {
  return formatGroupResource({ group: attributes.group, resource: attributes.resource });
}
