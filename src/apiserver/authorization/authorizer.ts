/** The union of the authorizers of --authorization-mode, behind the privileged group system:masters; the first that allows decides. */
import type { WatchCaches } from '../watch-cache/caches.ts';
import type { Attributes, Decision } from './attributes.ts';
import { createNodeAuthorizer } from './node.ts';
import type { RbacRules } from './rbac.ts';

/** Decides. */
export interface Authorizer {
  authorize(attributes: Attributes): Decision;
}

/** Always allowed for everyone, as --authorization-always-allow-paths has it. */
const alwaysAllowedPaths: readonly string[] = ['/healthz', '/readyz', '/livez'];

/** The authorizer of the given modes (Node, RBAC, AlwaysDeny). Throws an Error for a mode that is unknown. */
export function createAuthorizer(modes: readonly string[], caches: WatchCaches, rbac: RbacRules): Authorizer {
  const node = createNodeAuthorizer(caches);
  const authorizers = modes.map((mode): ((attributes: Attributes) => Decision | undefined) => {
    if (mode === 'Node') return node;
    if (mode === 'RBAC') return (attributes) => rbac.authorize(attributes);
    if (mode === 'AlwaysDeny') return () => undefined;
    throw new Error(`unknown authorization mode ${mode} specified`);
  });
  return {
    authorize(attributes) {
      if (attributes.user.groups.includes('system:masters')) return { allowed: true, reason: '' };
      if (!attributes.isResource && alwaysAllowedPaths.includes(attributes.path)) return { allowed: true, reason: '' };
      const reasons: string[] = [];
      for (const authorize of authorizers) {
        const decision = authorize(attributes);
        if (decision?.allowed) return decision;
        if (decision?.reason) reasons.push(decision.reason);
      }
      return { allowed: false, reason: reasons.join('\n') };
    },
  };
}
