import { expect, it } from 'vitest';
import { rowsOf } from '../../../src/kubectl/policy-rules.ts';

it('permissions are told a row for each resource, name and URL, their verbs together, in the order of verbs and groups', () => {
  const rows = rowsOf([
    { verbs: ['list'], apiGroups: [''], resources: ['pods'] },
    { verbs: ['get'], nonResourceURLs: ['/healthz'] },
    { verbs: ['get', 'list'], apiGroups: ['apps'], resources: ['deployments', 'deployments/scale'], resourceNames: ['web'] },
    { verbs: ['delete'], apiGroups: [''], resources: ['pods'] },
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  ]);
  expect(rows.map(({ group, resource, url, name, verbs }) => [group, resource, url, name, [...verbs].join(' ')])).toEqual([
    ['*', '*', '', '', '*'],
    // By Go's texts: a slash stands before the closing bracket.
    ['apps', 'deployments/scale', '', 'web', 'get list'],
    ['apps', 'deployments', '', 'web', 'get list'],
    ['', '', '/healthz', '', 'get'],
    ['', 'pods', '', '', 'list delete'],
  ]);
});
