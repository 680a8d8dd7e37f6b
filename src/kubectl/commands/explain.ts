/** kubectl explain: fields of a resource, from the server's OpenAPI document. */
import { defineFlag } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { apiVersionOfResource, type ApiResource } from '../discovery.ts';
import { CommandError, SilentExit } from '../errors.ts';
import { Explainer, type ApiSchema, type Schemas } from '../explain.ts';
import { OlderExplainer } from '../explain-openapi-v2.ts';

async function resourceOf({ session, flags }: Invocation, word: string): Promise<ApiResource> {
  const version = flags.text('api-version');
  const known = await session.discovery.resourceOf(word).catch(async (error: unknown) => {
    if (!(error instanceof CommandError)) throw error;
    await session.err(`${error.message}\n`);
    throw new SilentExit(1);
  });
  if (version === '' || apiVersionOfResource(known) === version) return known;
  const found = (await session.discovery.resources()).find((one) => one.plural === known.plural && apiVersionOfResource(one) === version);
  if (!found) throw new CommandError(`couldn't find resource for "${version}, Resource=${known.plural}"`);
  return found;
}

async function schemasOf({ session }: Invocation, resource: ApiResource): Promise<Schemas> {
  const group = resource.group ? `apis/${resource.group}/${resource.version}` : `api/${resource.version}`;
  const document = await session.json<{ components?: { schemas?: Schemas } }>({ method: 'GET', path: `/openapi/v3/${group}` });
  return document.components?.schemas ?? {};
}

async function run(invocation: Invocation): Promise<void> {
  const { session, args, flags } = invocation;
  const [word, extra] = args;
  if (word === undefined)
    throw new CommandError(
      'You must specify the type of resource to explain. Use "kubectl api-resources" for a complete list of supported resources.',
    );
  if (extra !== undefined) throw new CommandError(`We accept only this format: explain RESOURCE`);
  const format = flags.text('output');
  const isOlder = format === 'plaintext-openapiv2';
  if (format !== 'plaintext' && !isOlder) throw new CommandError(`unrecognized format: ${format}`);
  const [type = '', ...path] = word.replace(/\.$/, '').split('.');
  const resource = await resourceOf(invocation, type);
  const schemas = await schemasOf(invocation, resource);
  const root = Object.values(schemas).find((schema) =>
    schema['x-kubernetes-group-version-kind']?.some(
      ({ group, version, kind }) => group === resource.group && version === resource.version && kind === resource.kind,
    ),
  );
  if (!root) throw new CommandError(`GVR (${resource.group}/${resource.version}, Resource=${resource.plural}) not found in OpenAPI schema`);
  const head = isOlder
    ? `KIND:     ${resource.kind}\nVERSION:  ${apiVersionOfResource(resource)}\n\n`
    : `${resource.group ? `GROUP:      ${resource.group}\n` : ''}KIND:       ${resource.kind}\nVERSION:    ${resource.version}\n\n`;
  const explainer = isOlder ? new OlderExplainer(schemas) : new Explainer(schemas);
  let schema: ApiSchema = root;
  for (const name of path) {
    const inner: ApiSchema | undefined = explainer.inner(schema);
    const field: ApiSchema | undefined = inner?.properties?.[name];
    if (!field) {
      await session.out(head);
      throw new CommandError(`field "${name}" does not exist`);
    }
    schema = field;
  }
  await session.out(head + explainer.explain(schema, path.at(-1) ?? '', flags.on('recursive')));
}

/** kubectl explain */
export const explain: Command = {
  name: 'explain',
  short: 'Get documentation for a resource',
  group: 'Basic Commands (Intermediate)',
  usage: 'TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group] [-o|--output=plaintext|plaintext-openapiv2] [options]',
  completes: 'resources',
  flags: [
    defineFlag('api-version', 'string', 'Use given api-version (group/version) of the resource.'),
    defineFlag('output', 'string', 'Format in which to render the schema. Valid values are: (plaintext, plaintext-openapiv2).', {
      short: 'o',
      initial: 'plaintext',
    }),
    defineFlag('recursive', 'bool', 'When true, print the name of all the fields recursively.'),
  ],
  run,
};
