/** The paths above the group versions, each in a document of its own: what groups there are, the version, the keys of tokens. */
import type { Kind } from '#api';
import type { Fields } from './schemas.ts';

interface GeneralPath {
  readonly path: string;
  readonly description: string;
  readonly operationId: string;
}

const fixed: readonly GeneralPath[] = [
  {
    path: '.well-known/openid-configuration',
    description: "get service account issuer OpenID configuration, also known as the 'OIDC discovery doc'",
    operationId: 'getServiceAccountIssuerOpenIDConfiguration',
  },
  { path: 'api', description: 'get available API versions', operationId: 'getCoreAPIVersions' },
  { path: 'apis', description: 'get available API versions', operationId: 'getAPIVersions' },
  {
    path: 'openid/v1/jwks',
    description: 'get service account issuer OpenID JSON Web Key Set (contains public token verification keys)',
    operationId: 'getServiceAccountIssuerOpenIDKeyset',
  },
  { path: 'version', description: 'get the version information for this server', operationId: 'getCodeVersion' },
];

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** All of them, by their path below /openapi/v3. Groups of definitions have none. */
export function generalPaths(kinds: readonly Kind[]): readonly GeneralPath[] {
  const groups = [...new Set(kinds.filter(({ group, ownSchema }) => group && !ownSchema).map(({ group }) => group))];
  const ofGroups = groups.map((group) => ({
    path: `apis/${group}`,
    description: 'get information of a group',
    operationId: `get${capital(group.split('.')[0] ?? '')}APIGroup`,
  }));
  return [...fixed, ...ofGroups];
}

/** The one path of such a document. */
export function generalPathItem({ path, description, operationId }: GeneralPath, isVersion3: boolean): Record<string, Fields> {
  const responses = {
    '200': {
      description: 'OK',
      ...(isVersion3 ? { content: { 'application/json': { schema: { type: 'string' } } } } : { schema: { type: 'string' } }),
    },
    '401': { description: 'Unauthorized' },
  };
  return { [`/${path}/`]: { get: { description, operationId, responses } } };
}
