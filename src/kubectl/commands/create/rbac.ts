/** kubectl create role, clusterrole, rolebinding, clusterrolebinding. */
import type { KubeObject } from '#apimachinery';
import { defineFlag } from '../../common-flags.ts';
import type { Invocation } from '../../command.ts';
import { CommandError, SilentExit } from '../../errors.ts';
import type { Session } from '../../session.ts';
import { generatedMetadata, generator, nameArgument } from './generate.ts';

const API = 'rbac.authorization.k8s.io/v1';

interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}

const STANDARD_VERBS = '* bind create delete deletecollection escalate get impersonate list patch update use watch'.split(' ');

/** The resource of a word; one that the server does not have is told without further words. */
async function resourceNamed(session: Session, word: string): Promise<{ group: string; plural: string }> {
  try {
    return await session.discovery.resourceOf(word);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    await session.err(`${error.message}\n`);
    throw new SilentExit(1);
  }
}

/** Rules of --verb, --resource and --resource-name, one per API group. */
async function rulesOf(invocation: Invocation): Promise<object[]> {
  const { flags, session } = invocation;
  const verbs = [...new Set(flags.list('verb'))];
  const given = flags.list('resource');
  const urls = flags.list('non-resource-url');
  if (verbs.length === 0) throw new CommandError('at least one verb must be specified');
  if (given.length === 0 && urls.length === 0) throw new CommandError('at least one resource must be specified');
  for (const verb of verbs) if (!STANDARD_VERBS.includes(verb)) await session.err(`Warning: '${verb}' is not a standard resource verb\n`);
  const rules: Rule[] = [];
  for (const text of given) {
    const [word = '', subresource] = text.split('/');
    const resource = word === '*' ? { group: '', plural: '*' } : await resourceNamed(session, word);
    const name = subresource ? `${resource.plural}/${subresource}` : resource.plural;
    const same = rules.find(({ apiGroups }) => apiGroups[0] === resource.group);
    if (same) same.resources.push(name);
    else
      rules.push({
        apiGroups: [resource.group],
        resources: [name],
        ...(flags.list('resource-name').length ? { resourceNames: [...flags.list('resource-name')] } : {}),
        verbs,
      });
  }
  return urls.length ? [...rules, { nonResourceURLs: urls, verbs }] : rules;
}

const ruleFlags = [
  defineFlag('verb', 'list', 'Verb that applies to the resources contained in the rule'),
  defineFlag('resource', 'list', 'Resource that the rule applies to'),
  defineFlag('resource-name', 'array', 'Resource in the white list that the rule applies to, repeat this flag for multiple items'),
];
const clusterRoleFlag = defineFlag('clusterrole', 'string', 'ClusterRole this RoleBinding should reference');
const subjectFlags = [
  defineFlag('user', 'array', 'Usernames to bind to the role.'),
  defineFlag('group', 'array', 'Groups to bind to the role.'),
  defineFlag('serviceaccount', 'array', 'Service accounts to bind to the role, in the format <namespace>:<name>.'),
];

function bindingOf(invocation: Invocation, kind: string): KubeObject {
  const { flags } = invocation;
  const name = nameArgument(invocation);
  const role = kind === 'RoleBinding' ? flags.text('role') : '';
  const clusterRole = flags.text('clusterrole');
  if ((role === '') === (clusterRole === '')) throw new CommandError('exactly one of clusterrole or role must be specified');
  const subject = (one: string, type: string): object => ({ apiGroup: 'rbac.authorization.k8s.io', kind: type, name: one });
  const subjects = [
    ...flags.list('user').map((one) => subject(one, 'User')),
    ...flags.list('group').map((one) => subject(one, 'Group')),
    ...flags.list('serviceaccount').map((text) => {
      const [namespace, account, ...more] = text.split(':');
      if (!namespace || !account || more.length) throw new CommandError('serviceaccount must be <namespace>:<name>');
      return { kind: 'ServiceAccount', name: account, namespace };
    }),
  ];
  return {
    apiVersion: API,
    kind,
    metadata: generatedMetadata(name),
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: role ? 'Role' : 'ClusterRole', name: role || clusterRole },
    ...(subjects.length ? { subjects } : {}),
  } as KubeObject;
}

const roleOf =
  (kind: string) =>
  async (invocation: Invocation): Promise<KubeObject> => {
    const name = nameArgument(invocation);
    const aggregation = invocation.flags.text('aggregation-rule');
    if (aggregation) {
      const matchLabels = Object.fromEntries(aggregation.split(',').map((pair) => pair.split('=')));
      return {
        aggregationRule: { clusterRoleSelectors: [{ matchLabels }] },
        apiVersion: API,
        kind,
        metadata: generatedMetadata(name),
        rules: null,
      } as unknown as KubeObject;
    }
    return { apiVersion: API, kind, metadata: generatedMetadata(name), rules: await rulesOf(invocation) } as KubeObject;
  };

/** The RBAC generators. */
export const rbacGenerators = [
  generator({
    name: 'role',
    short: 'Create a role with single rule',
    usage: 'NAME --verb=verb --resource=resource.group/subresource [--resource-name=resourcename] [--dry-run=server|client|none] [options]',
    flags: ruleFlags,
    what: 'role',
    build: roleOf('Role'),
  }),
  generator({
    name: 'rolebinding',
    short: 'Create a role binding for a particular role or cluster role',
    usage:
      'NAME --clusterrole=NAME|--role=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none] [options]',
    flags: [clusterRoleFlag, ...subjectFlags, defineFlag('role', 'string', 'Role this RoleBinding should reference')],
    what: 'rolebinding',
    build: (invocation) => bindingOf(invocation, 'RoleBinding'),
  }),
  generator({
    name: 'clusterrole',
    short: 'Create a cluster role',
    usage: 'NAME --verb=verb --resource=resource.group [--resource-name=resourcename] [--dry-run=server|client|none] [options]',
    flags: [
      ...ruleFlags,
      defineFlag('non-resource-url', 'list', 'A partial url that user should have access to.'),
      defineFlag('aggregation-rule', 'string', 'An aggregation label selector for combining ClusterRoles.'),
    ],
    what: 'clusterrole',
    clusterScoped: true,
    build: roleOf('ClusterRole'),
  }),
  generator({
    name: 'clusterrolebinding',
    short: 'Create a cluster role binding for a particular cluster role',
    usage:
      'NAME --clusterrole=NAME [--user=username] [--group=groupname] [--serviceaccount=namespace:serviceaccountname] [--dry-run=server|client|none] [options]',
    flags: [{ ...clusterRoleFlag, required: true }, ...subjectFlags],
    what: 'clusterrolebinding',
    clusterScoped: true,
    build: (invocation) => bindingOf(invocation, 'ClusterRoleBinding'),
  }),
];
