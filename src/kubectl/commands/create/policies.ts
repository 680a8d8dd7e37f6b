/** kubectl create quota, poddisruptionbudget, priorityclass, ingress. */
import type { KubeObject } from '#apimachinery';
import { defineFlag } from '../../common-flags.ts';
import type { Invocation } from '../../command.ts';
import { CommandError } from '../../errors.ts';
import { generatedMetadata, generator, nameArgument } from './generate.ts';

const BUDGET_SELECTOR = 'a selector must be specified';

/** `cpu=1,memory=1G` → amounts by name. Throws CommandError for a part without an equals sign. */
function amountsOf(text: string): Record<string, string> {
  const amounts: Record<string, string> = {};
  for (const part of text.split(',').filter(Boolean)) {
    const [name, amount, ...more] = part.split('=');
    if (!name || amount === undefined || more.length > 0)
      throw new CommandError(`Invalid argument syntax ${part}, expected <resource>=<value>`);
    amounts[name] = amount;
  }
  return amounts;
}

function quotaOf(invocation: Invocation): KubeObject {
  const { flags } = invocation;
  const hard = amountsOf(flags.text('hard'));
  const scopes = flags.text('scopes').split(',').filter(Boolean);
  return {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: generatedMetadata(nameArgument(invocation)),
    spec: { ...(Object.keys(hard).length > 0 ? { hard } : {}), ...(scopes.length > 0 ? { scopes } : {}) },
    status: {},
  } as unknown as KubeObject;
}

const countOrPercent = (text: string): number | string => (/^\d+$/.test(text) ? Number(text) : text);

function budgetOf(invocation: Invocation): KubeObject {
  const { flags } = invocation;
  const name = nameArgument(invocation);
  const [selector, least, most] = [flags.text('selector'), flags.text('min-available'), flags.text('max-unavailable')];
  if (selector === '') throw new CommandError(BUDGET_SELECTOR);
  if (least === '' && most === '') throw new CommandError('one of min-available or max-unavailable must be specified');
  if (least !== '' && most !== '') throw new CommandError('min-available and max-unavailable cannot be both specified');
  const matchLabels = Object.fromEntries(selector.split(',').map((pair) => pair.split(/==?/)));
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: generatedMetadata(name),
    spec: {
      ...(least === '' ? { maxUnavailable: countOrPercent(most) } : { minAvailable: countOrPercent(least) }),
      selector: { matchLabels },
    },
    status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
  } as unknown as KubeObject;
}

function priorityClassOf(invocation: Invocation): KubeObject {
  const { flags } = invocation;
  return {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: generatedMetadata(nameArgument(invocation)),
    value: Number(flags.text('value')),
    ...(flags.on('global-default') ? { globalDefault: true } : {}),
    ...(flags.text('description') ? { description: flags.text('description') } : {}),
    preemptionPolicy: flags.text('preemption-policy'),
  } as unknown as KubeObject;
}

interface IngressRule {
  readonly host: string;
  readonly path: string;
  readonly pathType: 'Exact' | 'Prefix';
  readonly backend: object;
  readonly tls: string | undefined;
}

const backendOf = (name: string, port: string): object => ({
  service: { name, port: /^\d+$/.test(port) ? { number: Number(port) } : { name: port } },
});

/** `host/path*=service:port[,tls[=secret]]`. */
function ruleOf(text: string): IngressRule {
  const match =
    /^(?<host>[\w*\-.]*)(?<path>\/[^=]*?)?(?<star>\*)?=(?<service>[\w-]+):(?<port>[\w-]+)(?:,(?<tls>tls(?:=(?<secret>[\w-]+))?))?$/.exec(
      text,
    );
  const groups = match?.groups;
  if (!groups || groups['path'] === undefined)
    throw new CommandError(`rule ${text} is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]`);
  return {
    host: groups['host']!,
    path: groups['path'],
    pathType: groups['star'] ? 'Prefix' : 'Exact',
    backend: backendOf(groups['service']!, groups['port']!),
    tls: groups['tls'] === undefined ? undefined : (groups['secret'] ?? ''),
  };
}

function ingressOf(invocation: Invocation): KubeObject {
  const { flags } = invocation;
  const name = nameArgument(invocation);
  const rules = flags.list('rule').map(ruleOf);
  const fallback = flags.text('default-backend');
  if (rules.length === 0 && fallback === '')
    throw new CommandError(
      'not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)',
    );
  const hosts = [...new Set(rules.map(({ host }) => host))];
  const secrets = [...new Set(rules.flatMap(({ tls }) => (tls === undefined ? [] : [tls])))];
  const annotations = Object.fromEntries(
    flags.list('annotation').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
  );
  const [service = '', port = ''] = fallback.split(':');
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: generatedMetadata(name, Object.keys(annotations).length > 0 ? { annotations } : {}),
    spec: {
      ...(fallback ? { defaultBackend: backendOf(service, port) } : {}),
      ...(flags.text('class') ? { ingressClassName: flags.text('class') } : {}),
      ...(rules.length > 0
        ? {
            rules: hosts.map((host) => ({
              ...(host ? { host } : {}),
              http: {
                paths: rules.filter((rule) => rule.host === host).map(({ backend, path, pathType }) => ({ backend, path, pathType })),
              },
            })),
          }
        : {}),
      ...(secrets.length > 0
        ? {
            tls: secrets.map((secretName) => ({
              hosts: [...new Set(rules.filter(({ tls, host }) => tls === secretName && host).map(({ host }) => host))],
              ...(secretName ? { secretName } : {}),
            })),
          }
        : {}),
    },
    status: { loadBalancer: {} },
  } as unknown as KubeObject;
}

/** The generators of limits, budgets, priorities and ingresses. */
export const policyGenerators = [
  generator({
    name: 'quota',
    aliases: ['resourcequota'],
    short: 'Create a quota with the specified name',
    usage: 'NAME [--hard=key1=value1,key2=value2] [--scopes=Scope1,Scope2] [--dry-run=server|client|none] [options]',
    flags: [
      defineFlag('hard', 'string', 'A comma-delimited set of resource=quantity pairs that define a hard limit.'),
      defineFlag('scopes', 'string', 'A comma-delimited set of quota scopes that must all match each object tracked by the quota.'),
    ],
    what: 'quota',
    build: quotaOf,
  }),
  generator({
    name: 'poddisruptionbudget',
    aliases: ['pdb'],
    short: 'Create a pod disruption budget with the specified name',
    usage: 'NAME --selector=SELECTOR --min-available=N [--dry-run=server|client|none] [options]',
    flags: [
      defineFlag('selector', 'string', 'A label selector to use for this budget. Only equality-based selector requirements are supported.'),
      defineFlag('min-available', 'string', 'The minimum number or percentage of available pods this budget requires.'),
      defineFlag('max-unavailable', 'string', 'The maximum number or percentage of unavailable pods this budget requires.'),
    ],
    what: 'poddisruptionbudgets',
    build: budgetOf,
  }),
  generator({
    name: 'priorityclass',
    aliases: ['pc'],
    short: 'Create a priority class with the specified name',
    usage: 'NAME --value=VALUE --global-default=BOOL [--dry-run=server|client|none] [options]',
    flags: [
      defineFlag('value', 'int', 'The value of this priority class.', { initial: '0' }),
      defineFlag('global-default', 'bool', 'Whether pods without a class get this one.'),
      defineFlag('description', 'string', 'When this class should be used.'),
      defineFlag('preemption-policy', 'string', 'The policy for preempting pods of lower priority.', { initial: 'PreemptLowerPriority' }),
    ],
    what: 'priorityclass',
    clusterScoped: true,
    build: priorityClassOf,
  }),
  generator({
    name: 'ingress',
    aliases: ['ing'],
    short: 'Create an ingress with the specified name',
    usage: 'NAME --rule=host/path=service:port[,tls[=secret]]  [options]',
    flags: [
      defineFlag('class', 'string', 'Ingress Class to be used'),
      defineFlag('rule', 'array', 'Rule in format host/path=service:port[,tls=secretname].'),
      defineFlag('default-backend', 'string', 'Default service for backend, in format of svcname:port'),
      defineFlag('annotation', 'array', 'Annotation to insert in the ingress object, in the format annotation=value'),
    ],
    what: 'ingress',
    build: ingressOf,
  }),
];
