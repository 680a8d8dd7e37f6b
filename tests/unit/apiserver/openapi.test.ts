import { describe, expect, it } from 'vitest';
import { startLab } from './lab/server.ts';

describe('OpenAPI', () => {
  it('lists a document for each group version, and each can be fetched by its pinned address', async () => {
    const lab = await startLab();
    const index = await lab.ask({ path: '/openapi/v3' });
    const url = index.json.paths['api/v1'].serverRelativeURL as string;
    const document = await lab.ask({ path: url });
    expect(document.status).toBe(200);
    expect(document.header('cache-control')).toBe('public, immutable');
    for (const path of Object.keys(index.json.paths)) expect((await lab.ask({ path: `/openapi/v3/${path}` })).status, path).toBe(200);
  });

  it('tells clients the types, merge keys and parameters they rely on', async () => {
    const lab = await startLab();
    const { json } = await lab.ask({ path: '/openapi/v3/api/v1' });
    const pod = json.components.schemas['io.k8s.api.core.v1.Pod'];
    expect(pod['x-kubernetes-group-version-kind']).toEqual([{ group: '', kind: 'Pod', version: 'v1' }]);
    const spec = json.components.schemas['io.k8s.api.core.v1.PodSpec'];
    expect(spec.required).toEqual(['containers']);
    expect(spec.properties.containers).toMatchObject({
      type: 'array',
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-list-map-keys': ['name'],
    });
    const parameters = json.paths['/api/v1/namespaces/{namespace}/pods/{name}'].patch.parameters.map((each: { name: string }) => each.name);
    expect(parameters).toContain('fieldValidation');
    const references = [...JSON.stringify(json).matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name!);
    for (const name of new Set(references)) expect(json.components.schemas, name).toHaveProperty([name]);
  });

  it('serves version 2 as JSON and, for the validation of kubectl, as protobuf', async () => {
    const lab = await startLab();
    const { json } = await lab.ask({ path: '/openapi/v2' });
    expect(json.definitions['io.k8s.api.core.v1.Pod']).toBeDefined();
    const protobuf = await lab.ask({
      path: '/openapi/v2',
      headers: { accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' },
    });
    expect(protobuf.status).toBe(200);
    expect(protobuf.headers.find(([name]) => name === 'content-type')?.[1]).toBe(
      'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
    );
  });
});
