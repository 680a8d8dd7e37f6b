/** Stage 2, authorization: whether the user, or the user it acts as, may do this. Refusals are 403 in Kubernetes' words. */
import { forbidden } from '#apimachinery';
import type { HeaderPairs } from '#host';
import { impersonatedUser } from '../authentication/impersonation.ts';
import { attributesOf, forbiddenDetail } from '../authorization/attributes.ts';
import type { Core, User } from '../core.ts';
import type { RequestInfo } from '../request-info.ts';

/** The user the request acts as, who may do what it asks. Throws 403. */
export function authorize(core: Core, info: RequestInfo, headers: HeaderPairs, caller: User): User {
  const user = impersonatedUser(headers, caller, core.authorizer);
  const attributes = attributesOf(info, user);
  const decision = core.authorizer.authorize(attributes);
  if (decision.allowed) return user;
  const resource = { group: info.group, resource: info.resource };
  throw forbidden(resource, info.name, forbiddenDetail(attributes, decision.reason));
}
