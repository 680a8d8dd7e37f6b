/** Custom resources: definitions get their names, their objects are served, checked, changed, shown, and go with them. */
import { beforeEach, describe, expect, it } from 'vitest';
import { settle, startLab, type Ask, type Lab, type Told } from './lab/server.ts';

const spec = {
  group: 'stable.example.com',
  scope: 'Namespaced',
  names: { plural: 'operators', singular: 'operator', kind: 'Operator', shortNames: ['op'], categories: ['all'] },
  versions: [
    {
      name: 'v1',
      served: true,
      storage: true,
      subresources: { status: {}, scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } },
      additionalPrinterColumns: [
        { name: 'Email', type: 'string', jsonPath: '.spec.email' },
        { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      ],
      schema: {
        openAPIV3Schema: {
          type: 'object',
          properties: {
            spec: {
              type: 'object',
              required: ['email'],
              properties: {
                email: { type: 'string', description: 'where to write' },
                name: { type: 'string', default: 'nobody' },
                age: { type: 'integer', minimum: 18 },
                replicas: { type: 'integer' },
                ports: {
                  type: 'array',
                  items: { type: 'object', properties: { port: { type: 'integer' } }, required: ['port'] },
                  'x-kubernetes-list-type': 'map',
                  'x-kubernetes-list-map-keys': ['port'],
                },
              },
            },
            status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          },
        },
      },
    },
    {
      name: 'v1beta1',
      served: true,
      storage: false,
      deprecated: true,
      schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    },
  ],
};
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'operators.stable.example.com' },
  spec,
};
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const operators = '/apis/stable.example.com/v1/namespaces/default/operators';
const operator = (name: string, fields: object = { email: 'a@example.com', age: 30 }) => ({
  apiVersion: 'stable.example.com/v1',
  kind: 'Operator',
  metadata: { name },
  spec: fields,
});

async function waitedAsk(lab: Lab, ask: Ask): Promise<Told> {
  const told = lab.ask(ask);
  await lab.clock.advance(3_000);
  return told;
}
const post = (lab: Lab, path: string, body: unknown): Promise<Told> => waitedAsk(lab, { method: 'POST', path, body });
const patch = (lab: Lab, path: string, type: string, body: unknown): Promise<Told> =>
  waitedAsk(lab, { method: 'PATCH', path, headers: { 'content-type': `application/${type}` }, body });

describe('a definition', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await startLab();
    await post(lab, definitions, definition);
  });

  it('has its names accepted and is established, in this order', async () => {
    const { json } = await lab.ask({ path: `${definitions}/operators.stable.example.com` });
    expect(json.status.acceptedNames).toEqual({ ...spec.names, listKind: 'OperatorList' });
    expect(json.status.conditions.map(({ type, status, reason }: Record<string, string>) => [type, status, reason])).toEqual([
      ['NamesAccepted', 'True', 'NoConflicts'],
      ['Established', 'True', 'InitialNamesAccepted'],
    ]);
    expect(json.status.storedVersions).toEqual(['v1']);
  });

  it('is found by discovery, newest stable version first, and by OpenAPI', async () => {
    const group = await lab.ask({ path: '/apis/stable.example.com' });
    expect(group.json.preferredVersion.version).toBe('v1');
    const { json } = await lab.ask({ path: '/apis/stable.example.com/v1' });
    expect(json.resources.map(({ name }: { name: string }) => name)).toEqual(['operators', 'operators/scale', 'operators/status']);
    expect(json.resources[0]).toMatchObject({ shortNames: ['op'], categories: ['all'], namespaced: true, kind: 'Operator' });
    const index = await lab.ask({ path: '/openapi/v3' });
    const { serverRelativeURL } = JSON.parse(index.text).paths['apis/stable.example.com/v1'];
    const document = await lab.ask({ path: serverRelativeURL });
    const type = document.json.components.schemas['com.example.stable.v1.Operator'];
    expect(type.properties.spec.properties.email.description).toBe('where to write');
    expect(type['x-kubernetes-group-version-kind']).toEqual([{ group: 'stable.example.com', kind: 'Operator', version: 'v1' }]);
    expect(
      Object.keys(document.json.paths[`${operators.replace('default', '{namespace}')}/{name}`].patch.requestBody.content),
    ).not.toContain('application/strategic-merge-patch+json');
  });

  it('does not get a name that another one of its group has', async () => {
    const names = { plural: 'things', singular: 'thing', kind: 'Thing', shortNames: ['op'] };
    await post(lab, definitions, { ...definition, metadata: { name: 'things.stable.example.com' }, spec: { ...spec, names } });
    const { json } = await lab.ask({ path: `${definitions}/things.stable.example.com` });
    expect(json.status.conditions[0]).toMatchObject({ status: 'False', reason: 'ShortNamesConflict', message: '"op" is already in use' });
    expect(json.status.conditions[1]).toMatchObject({ type: 'Established', status: 'False', reason: 'NotAccepted' });
    expect((await lab.ask({ path: '/apis/stable.example.com/v1/things' })).status).toBe(404);
  });

  it('takes its objects with it when it is deleted', async () => {
    await post(lab, operators, operator('sample'));
    const { json } = await lab.ask({ method: 'DELETE', path: `${definitions}/operators.stable.example.com` });
    expect(json.metadata.finalizers).toEqual(['customresourcecleanup.apiextensions.k8s.io']);
    await lab.clock.advance(10_000);
    await settle();
    expect((await lab.ask({ path: `${definitions}/operators.stable.example.com` })).status).toBe(404);
    const gone = await lab.ask({ path: operators });
    expect([gone.status, gone.text]).toEqual([404, '404 page not found\n']);
    expect((await lab.etcd.range({ key: '/registry/stable.example.com/', rangeEnd: '/registry/stable.example.com0' })).kvs).toEqual([]);
  });

  it('must say exactly what kind of values there are', async () => {
    const wrong = {
      ...definition,
      metadata: { name: 'wrongname' },
      spec: { ...spec, names: { plural: 'things', kind: 'Thing' }, versions: [{ name: 'v1', served: true, storage: true }] },
    };
    const { json } = await post(lab, definitions, wrong);
    expect(json.message).toBe(
      'CustomResourceDefinition.apiextensions.k8s.io "wrongname" is invalid: [metadata.name: Invalid value: "wrongname": must be spec.names.plural+"."+spec.group, spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required]',
    );
    const schema = { type: 'object', properties: { spec: { properties: { a: { type: 'text' } } } } };
    const untyped = { ...definition, spec: { ...spec, versions: [{ ...spec.versions[0], schema: { openAPIV3Schema: schema } }] } };
    const refused = await post(lab, definitions, untyped);
    expect(refused.json.details.causes.map(({ field }: { field: string }) => field)).toEqual([
      'spec.versions[0].schema.openAPIV3Schema.properties[spec].type',
      'spec.versions[0].schema.openAPIV3Schema.properties[spec].properties[a].type',
    ]);
  });
});

describe('a custom resource', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await startLab();
    await post(lab, definitions, definition);
  });

  it('is created with its defaults and a generation', async () => {
    const { status, json } = await post(lab, operators, operator('sample'));
    expect(status).toBe(201);
    expect(json.spec).toEqual({ email: 'a@example.com', age: 30, name: 'nobody' });
    expect(json.metadata.generation).toBe(1);
    expect(json.metadata.managedFields[0].fieldsV1).toMatchObject({ 'f:spec': { 'f:age': {}, 'f:email': {} } });
  });

  it('is refused for what its schema does not allow, in the words of the real server', async () => {
    const bad = operator('bad', { name: 'x', age: 7, extra: 'y' });
    const strict = await post(lab, `${operators}?fieldValidation=Strict`, bad);
    expect(strict.json.message).toBe(
      'Operator in version "v1" cannot be handled as a Operator: strict decoding error: unknown field "spec.extra"',
    );
    const { json, headers } = await post(lab, operators, bad);
    expect(json.message).toBe(
      'Operator.stable.example.com "bad" is invalid: [spec.age: Invalid value: 7: spec.age in body should be greater than or equal to 18, spec.email: Required value]',
    );
    expect(headers).toContainEqual(['warning', '299 - "unknown field \\"spec.extra\\""']);
    const wrongType = await post(lab, operators, operator('bad', { email: 5 }));
    expect(wrongType.json.message).toContain('spec.email: Invalid value: "integer": spec.email in body must be of type string: "integer"');
    const twice = await post(lab, operators, operator('bad', { email: 'a', ports: [{ port: 1 }, { port: 1 }] }));
    expect(twice.json.message).toContain('spec.ports[1]: Duplicate value: map[string]interface {}{"port":1}');
  });

  it('is patched and applied, but not strategically', async () => {
    await post(lab, operators, operator('sample'));
    const merged = await patch(lab, `${operators}/sample`, 'merge-patch+json', { spec: { age: 31 } });
    expect([merged.json.spec.age, merged.json.metadata.generation]).toEqual([31, 2]);
    const strategic = await patch(lab, `${operators}/sample`, 'strategic-merge-patch+json', { spec: { age: 31 } });
    expect(strategic.status).toBe(415);
    const ports = { apiVersion: 'stable.example.com/v1', kind: 'Operator', metadata: { name: 'sample' } };
    for (const port of [80, 443])
      await patch(lab, `${operators}/sample?fieldManager=m${port}`, 'apply-patch+yaml', { ...ports, spec: { ports: [{ port }] } });
    const { json } = await lab.ask({ path: `${operators}/sample` });
    expect(json.spec.ports).toEqual([{ port: 80 }, { port: 443 }]);
    const conflict = await patch(lab, `${operators}/sample?fieldManager=other`, 'apply-patch+yaml', { ...ports, spec: { age: 40 } });
    expect(conflict.json.message).toBe('Apply failed with 1 conflict: conflict with "oracle" using stable.example.com/v1: .spec.age');
  });

  it('has a status and a scale of its own', async () => {
    await post(lab, operators, operator('sample', { email: 'a', replicas: 2 }));
    const { json } = await patch(lab, `${operators}/sample/status`, 'merge-patch+json', {
      spec: { email: 'b' },
      status: { replicas: 1, any: 'x' },
    });
    expect([json.spec.email, json.status, json.metadata.generation]).toEqual(['a', { replicas: 1, any: 'x' }, 1]);
    const scale = await lab.ask({ path: `${operators}/sample/scale` });
    expect([scale.json.spec, scale.json.status]).toEqual([{ replicas: 2 }, { replicas: 1 }]);
    await patch(lab, `${operators}/sample/scale`, 'merge-patch+json', { spec: { replicas: 5 } });
    expect((await lab.ask({ path: `${operators}/sample` })).json.spec.replicas).toBe(5);
  });

  it('is shown as a table by the columns of its definition', async () => {
    await post(lab, operators, operator('sample'));
    const { json } = await lab.ask({ path: operators, headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } });
    expect(json.columnDefinitions.map(({ name }: { name: string }) => name)).toEqual(['Name', 'Email', 'Age']);
    expect(json.rows[0].cells.slice(0, 2)).toEqual(['sample', 'a@example.com']);
  });

  it('is served in every version, with a warning in a deprecated one', async () => {
    await post(lab, operators, operator('sample'));
    const { json, headers } = await lab.ask({ path: operators.replace('v1', 'v1beta1') });
    expect([json.apiVersion, json.items[0].spec.email]).toEqual(['stable.example.com/v1beta1', 'a@example.com']);
    expect(headers).toContainEqual(['warning', '299 - "stable.example.com/v1beta1 Operator is deprecated"']);
  });

  it('is watched, and the watch ends when the definition changes what is served', async () => {
    const watch = await lab.watch({ path: `${operators}?watch=true` });
    await post(lab, operators, operator('sample'));
    await settle();
    expect(watch.events.map(({ type, object }) => [type, object.metadata.name])).toEqual([['ADDED', 'sample']]);
    const served = { ...spec, versions: [{ ...spec.versions[0], additionalPrinterColumns: [] }, spec.versions[1]] };
    await patch(lab, `${definitions}/operators.stable.example.com`, 'merge-patch+json', { spec: served });
    expect(watch.isOver).toBe(true);
  });
});
