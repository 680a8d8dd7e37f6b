/** kubectl auth can-i --list: all that the user may do in a namespace, a row for each resource and each URL. */
import type { Invocation } from '../command.ts';
import { alignTabs, tableLayout } from '../printers/tabs.ts';

interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

interface Row {
  readonly group: string;
  readonly resource: string;
  readonly url: string;
  readonly name: string;
  readonly verbs: Set<string>;
}

const brackets = (items: Iterable<string>): string => `[${[...items].filter(Boolean).join(' ')}]`;

/** `deployments.apps/scale`. */
function combined({ group, resource }: Row): string {
  if (group === '' || resource === '') return resource;
  const [plural, subresource] = resource.split('/');
  return subresource === undefined ? `${plural}.${group}` : `${plural}.${group}/${subresource}`;
}

/** One row for each group, resource and name, or each URL, with all its verbs; in the order of Go's texts of the rules. */
export function rowsOf(rules: readonly Rule[]): Row[] {
  const rows = new Map<string, Row>();
  const add = (group: string, resource: string, url: string, name: string, verbs: readonly string[]): void => {
    const key = JSON.stringify([group, resource, url, name]);
    const row = rows.get(key) ?? { group, resource, url, name, verbs: new Set<string>() };
    for (const verb of verbs) row.verbs.add(verb);
    rows.set(key, row);
  };
  for (const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } of rules) {
    for (const url of nonResourceURLs) add('', '', url, '', verbs);
    for (const group of apiGroups)
      for (const resource of resources)
        for (const name of resourceNames.length > 0 ? resourceNames : ['']) add(group, resource, '', name, verbs);
  }
  const textOf = ({ group, resource, url, name, verbs }: Row): string =>
    `Verbs:${brackets(verbs)},APIGroups:[${resource === '' ? '' : group}],Resources:[${resource}],ResourceNames:[${name}],NonResourceURLs:[${url}]`;
  return [...rows.values()].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}

/** Asks the server and prints the table. */
export async function listPermissions({ session, flags }: Invocation): Promise<void> {
  const { status } = await session.json<{
    status: { resourceRules: Rule[]; nonResourceRules: Rule[]; incomplete?: boolean; evaluationError?: string };
  }>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
    contentType: 'application/json',
    body: {
      kind: 'SelfSubjectRulesReview',
      apiVersion: 'authorization.k8s.io/v1',
      metadata: { creationTimestamp: null },
      spec: { namespace: session.namespace },
      status: { resourceRules: null, nonResourceRules: null, incomplete: false },
    },
  });
  if (status.incomplete) {
    const why = status.evaluationError ? `: ${status.evaluationError}` : '';
    await session.err(`warning: the list may be incomplete${why}\n`);
  }
  const rows = rowsOf([...(status.resourceRules ?? []), ...(status.nonResourceRules ?? [])]).map((row) =>
    [combined(row), brackets([row.url]), brackets([row.name]), brackets(row.verbs)].join('\t'),
  );
  if (!flags.on('no-headers')) rows.unshift('Resources\tNon-Resource URLs\tResource Names\tVerbs');
  await session.out(`${alignTabs(rows.join('\n'), tableLayout)}\n`);
}
