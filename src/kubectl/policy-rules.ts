/** Policy rules as kubectl lists them: taken apart, those for the same thing made one, in the order of Go's texts. */

/** A rule of a role, or of a review of rules. */
export interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

/** What may be done to one resource (of one name), or at one URL. */
export interface Row {
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

/** The cells of a row: resource, URL, name, verbs. */
export function cellsOf(row: Row): string[] {
  return [combined(row), brackets([row.url]), brackets([row.name]), brackets(row.verbs)];
}

/** One row for each group, resource and name with all its verbs, and one for each verb at a URL of each rule; in the order of Go's texts of the rules. */
export function rowsOf(rules: readonly Rule[]): Row[] {
  const rows = new Map<string, Row>();
  const atUrls: Row[] = [];
  const add = (group: string, resource: string, name: string, verbs: readonly string[]): void => {
    const key = JSON.stringify([group, resource, name]);
    const row = rows.get(key) ?? { group, resource, url: '', name, verbs: new Set<string>() };
    for (const verb of verbs) row.verbs.add(verb);
    rows.set(key, row);
  };
  for (const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } of rules) {
    for (const url of nonResourceURLs)
      for (const verb of verbs) atUrls.push({ group: '', resource: '', url, name: '', verbs: new Set([verb]) });
    for (const group of apiGroups)
      for (const resource of resources)
        for (const name of resourceNames.length > 0 ? resourceNames : ['']) add(group, resource, name, verbs);
  }
  const textOf = ({ group, resource, url, name, verbs }: Row): string =>
    `Verbs:${brackets(verbs)},APIGroups:[${resource === '' ? '' : group}],Resources:[${resource}],ResourceNames:[${name}],NonResourceURLs:[${url}]`;
  return [...rows.values(), ...atUrls].sort((a, b) => (textOf(a) < textOf(b) ? -1 : 1));
}
