/** RBAC rules (rbac/v1 PolicyRule) against a request. */
import type { PolicyRule } from '#api';
import type { Attributes } from './attributes.ts';

function has(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes(value) || list.includes('*'));
}

function resourceMatches(list: readonly string[] | undefined, resource: string, subresource: string): boolean {
  if (!list) return false;
  const full = subresource ? `${resource}/${subresource}` : resource;
  return list.some((entry) => entry === '*' || entry === full || (subresource !== '' && entry === `*/${subresource}`));
}

function pathMatches(urls: readonly string[] | undefined, path: string): boolean {
  if (!urls) return false;
  return urls.some((url) => url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1))));
}

/** Whether a rule allows what is asked. */
export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false;
  if (!attributes.isResource) return pathMatches(rule.nonResourceURLs, attributes.path);
  if (!has(rule.apiGroups, attributes.group)) return false;
  if (!resourceMatches(rule.resources, attributes.resource, attributes.subresource)) return false;
  return !rule.resourceNames?.length || rule.resourceNames.includes(attributes.name);
}
