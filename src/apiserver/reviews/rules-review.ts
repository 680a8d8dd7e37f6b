/** SelfSubjectRulesReview: what a user may do in a namespace, as rules (kubectl auth can-i --list). */
import { badRequest } from '#apimachinery';
import type { Core, Exchange } from '../core.ts';

interface RulesReview {
  kind: string;
  apiVersion: string;
  metadata: Record<string, unknown>;
  spec?: unknown;
  status?: unknown;
}

/** Fills in the answer. Throws 400 without a namespace. */
export function rulesReview(core: Core, exchange: Exchange, review: RulesReview): RulesReview {
  const namespace = ((review.spec ?? {}) as { namespace?: string }).namespace ?? '';
  if (!namespace) throw badRequest('no namespace on request');
  const resourceRules: object[] = [];
  const nonResourceRules: object[] = [];
  const isMaster = exchange.user.groups.includes('system:masters');
  if (isMaster) {
    resourceRules.push({ verbs: ['*'], apiGroups: ['*'], resources: ['*'] });
    nonResourceRules.push({ verbs: ['*'], nonResourceURLs: ['*'] });
  }
  core.rules.visit(exchange.user, namespace, ({ rule }) => {
    if (rule.resources?.length) {
      const names = rule.resourceNames?.length ? { resourceNames: rule.resourceNames } : {};
      resourceRules.push({ verbs: rule.verbs, apiGroups: rule.apiGroups ?? [], resources: rule.resources, ...names });
    }
    if (rule.nonResourceURLs?.length) nonResourceRules.push({ verbs: rule.verbs, nonResourceURLs: rule.nonResourceURLs });
    return false;
  });
  return { ...review, spec: {}, status: { resourceRules, nonResourceRules, incomplete: false } };
}
