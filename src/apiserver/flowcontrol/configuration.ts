/**
 * The FlowSchemas and PriorityLevelConfigurations every cluster begins with (apiserver pkg/apis/flowcontrol/bootstrap): two of each that
 * must be there, and those suggested for a cluster's own components.
 */
import type { FlowSchema, PriorityLevelConfiguration } from '#api';

type Rules = NonNullable<NonNullable<FlowSchema['spec']>['rules']>;
type FlowSubject = Rules[number]['subjects'][number];
type ResourceRule = NonNullable<Rules[number]['resourceRules']>[number];

/** Who writes them. */
export const CONFIGURATION_MANAGER = 'api-priority-and-fairness-config-producer-v1';

const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';
const meta = (name: string): { name: string; annotations: Record<string, string> } => ({
  name,
  annotations: { 'apf.kubernetes.io/autoupdate-spec': 'true' },
});

const users = (...names: string[]): FlowSubject[] => names.map((name) => ({ kind: 'User', user: { name } }));
const groups = (...names: string[]): FlowSubject[] => names.map((name) => ({ kind: 'Group', group: { name } }));
const systemAccounts = (...names: string[]): FlowSubject[] =>
  names.map((name) => ({ kind: 'ServiceAccount', serviceAccount: { namespace: 'kube-system', name } }));

function resources(verbs: string, apiGroups: string, names: string, clusterScope = false): ResourceRule {
  return {
    verbs: verbs.split(' '),
    apiGroups: apiGroups.split(' ').map((group) => (group === 'core' ? '' : group)),
    resources: names.split(' '),
    ...(clusterScope ? { clusterScope } : {}),
    namespaces: ['*'],
  };
}

const everything = (subjects: FlowSubject[]): Rules => [
  { subjects, resourceRules: [resources('*', '*', '*', true)], nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }] },
];

function schema(name: string, level: string, matchingPrecedence: number, method: '' | 'ByUser' | 'ByNamespace', rules: Rules): FlowSchema {
  return {
    kind: 'FlowSchema',
    apiVersion,
    metadata: meta(name),
    spec: {
      priorityLevelConfiguration: { name: level },
      matchingPrecedence,
      ...(method ? { distinguisherMethod: { type: method } } : {}),
      rules,
    },
  };
}

const everybody = groups('system:unauthenticated', 'system:authenticated');
const election = 'get create update';
const controllerManager = users('system:kube-controller-manager');
const scheduler = users('system:kube-scheduler');

/** The flow schemas, the first asked first. */
export const defaultFlowSchemas: readonly FlowSchema[] = Object.freeze([
  schema('exempt', 'exempt', 1, '', everything(groups('system:masters'))),
  schema('probes', 'exempt', 2, '', [
    { subjects: everybody, nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }] },
  ]),
  schema('system-leader-election', 'leader-election', 100, 'ByUser', [
    {
      subjects: [...controllerManager, ...scheduler, ...systemAccounts('*')],
      resourceRules: [resources(election, 'coordination.k8s.io', 'leases')],
    },
  ]),
  schema('endpoint-controller', 'workload-high', 150, 'ByUser', [
    {
      subjects: [...controllerManager, ...systemAccounts('endpoint-controller', 'endpointslicemirroring-controller')],
      resourceRules: [resources(election, 'core', 'endpoints')],
    },
  ]),
  schema('workload-leader-election', 'leader-election', 200, 'ByUser', [
    {
      subjects: systemAccounts('*'),
      resourceRules: [resources(election, 'core', 'endpoints configmaps'), resources(election, 'coordination.k8s.io', 'leases')],
    },
  ]),
  schema('system-node-high', 'node-high', 400, 'ByUser', [
    {
      subjects: groups('system:nodes'),
      resourceRules: [resources('*', 'core', 'nodes nodes/status', true), resources('*', 'coordination.k8s.io', 'leases')],
    },
  ]),
  schema('system-nodes', 'system', 500, 'ByUser', everything(groups('system:nodes'))),
  schema('kube-controller-manager', 'workload-high', 800, 'ByNamespace', everything(controllerManager)),
  schema('kube-scheduler', 'workload-high', 800, 'ByNamespace', everything(scheduler)),
  schema('kube-system-service-accounts', 'workload-high', 900, 'ByNamespace', everything(systemAccounts('*'))),
  schema('service-accounts', 'workload-low', 9_000, 'ByUser', everything(groups('system:serviceaccounts'))),
  schema('global-default', 'global-default', 9_900, 'ByUser', everything(everybody)),
  schema('catch-all', 'catch-all', 10_000, 'ByUser', everything(everybody)),
]);

/** A level that serves a share of the requests at a time; the others wait in queues, or are refused where there are none. */
function limited(
  name: string,
  nominalConcurrencyShares: number,
  lendablePercent: number,
  queues = 0,
  handSize = 0,
): PriorityLevelConfiguration {
  const limitResponse = queues ? { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } } : { type: 'Reject' };
  return {
    kind: 'PriorityLevelConfiguration',
    apiVersion,
    metadata: meta(name),
    spec: { type: 'Limited', limited: { nominalConcurrencyShares, limitResponse, lendablePercent } },
  };
}

/** The priority levels. */
export const defaultPriorityLevels: readonly PriorityLevelConfiguration[] = Object.freeze([
  {
    kind: 'PriorityLevelConfiguration',
    apiVersion,
    metadata: meta('exempt'),
    spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  },
  limited('catch-all', 5, 0),
  limited('system', 30, 33, 64, 6),
  limited('node-high', 40, 25, 64, 6),
  limited('leader-election', 10, 0, 16, 4),
  limited('workload-high', 40, 50, 128, 6),
  limited('workload-low', 100, 90, 128, 6),
  limited('global-default', 20, 50, 128, 6),
]);

/** A flow schema with the condition its controller gives one whose level exists. */
export function reported(flowSchema: FlowSchema, now: string): FlowSchema {
  const level = flowSchema.spec?.priorityLevelConfiguration.name ?? '';
  const message = `This FlowSchema references the PriorityLevelConfiguration object named "${level}" and it exists`;
  return {
    ...flowSchema,
    status: { conditions: [{ type: 'Dangling', status: 'False', reason: 'Found', message, lastTransitionTime: now }] },
  };
}
