/** What the API server serves, asked of it (client-go discovery): groups, versions, resources and their verbs. */
import type { KubeObject } from '#apimachinery';
import type { Resource } from './resource.ts';
import type { RestClient } from './rest-client.ts';

/** A served resource. */
export interface ServedResource extends Resource<KubeObject> {
  readonly verbs: readonly string[];
}

interface ApiResourceList {
  readonly groupVersion: string;
  readonly resources?: readonly {
    readonly name: string;
    readonly kind: string;
    readonly namespaced: boolean;
    readonly verbs: readonly string[];
    readonly group?: string;
    readonly version?: string;
  }[];
}

/** The resources of every group in its preferred version, subresources left out. Rejects as the client does; `failures` are groups that did not answer. */
export async function preferredResources(client: RestClient): Promise<{ resources: ServedResource[]; failures: string[] }> {
  const groups = await client.json<{ groups: { preferredVersion: { groupVersion: string } }[] }>({ method: 'GET', path: '/apis' });
  const versions = ['v1', ...groups.groups.map((group) => group.preferredVersion.groupVersion)];
  const resources: ServedResource[] = [];
  const failures: string[] = [];
  const answers = await Promise.allSettled(
    versions.map((groupVersion) =>
      client.json<ApiResourceList>({ method: 'GET', path: groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}` }),
    ),
  );
  answers.forEach((answer, at) => {
    const groupVersion = versions[at]!;
    if (answer.status === 'rejected')
      return failures.push(`${groupVersion}: ${answer.reason instanceof Error ? answer.reason.message : String(answer.reason)}`);
    const slash = groupVersion.indexOf('/');
    const [group, version] = slash < 0 ? ['', groupVersion] : [groupVersion.slice(0, slash), groupVersion.slice(slash + 1)];
    for (const served of answer.value.resources ?? []) {
      if (served.name.includes('/')) continue;
      resources.push({
        group,
        version,
        kind: served.kind,
        plural: served.name,
        scope: served.namespaced ? 'Namespaced' : 'Cluster',
        verbs: served.verbs,
      });
    }
    return undefined;
  });
  return { resources, failures };
}
