/** kubectl create: from files, or by one of its generators. */
import type { KubeObject } from '#apimachinery';
import { defineFlag, dryRunFlag, fieldManagerFlag, filenameFlags, outputFlags, selectorFlags, validateFlag } from '../../common-flags.ts';
import type { Command, Invocation } from '../../command.ts';
import { pathOf, printedName } from '../../discovery.ts';
import { dryRunSuffix, fieldValidationOf, readDryRun } from '../../dry-run.ts';
import { CommandError, UsageError, WrappedError } from '../../errors.ts';
import { withLastApplied } from '../../last-applied.ts';
import { hasFiles, readManifests } from '../../manifests.ts';
import { toJson } from '../../printers/json.ts';
import { objectPrinter } from '../../printers/output.ts';
import { namespaceOfObject, resourceOfObject, throwCollected } from '../../targets.ts';
import { createConfigMap, createSecret } from './data.ts';
import { policyGenerators } from './policies.ts';
import { rbacGenerators } from './rbac.ts';
import { createToken } from './token.ts';
import { workloadGenerators } from './workloads.ts';

async function run(invocation: Invocation): Promise<void> {
  const { session, flags, args } = invocation;
  if (args.length > 0) throw new UsageError(`Unexpected args: [${args.join(' ')}]`, invocation.path);
  if (!hasFiles(flags)) throw new CommandError('must specify one of -f and -k');
  const dryRun = await readDryRun(session, flags);
  const printer = objectPrinter(session, flags, false);
  const manifests = await readManifests(session, flags);
  if (manifests.length === 0) throw new CommandError('no objects passed to create');
  const errors: unknown[] = [];
  for (const { object, source } of manifests) {
    try {
      const resource = await resourceOfObject(session, object, source);
      const namespace = namespaceOfObject(session, resource, object);
      const named: KubeObject = { ...object, metadata: { ...object.metadata, ...(namespace ? { namespace } : {}) } };
      const body = flags.on('save-config') ? withLastApplied(named) : named;
      let created = body;
      if (dryRun !== 'client') {
        created = await session
          .json<KubeObject>({
            method: 'POST',
            path: pathOf(resource, namespace),
            query: {
              fieldManager: flags.text('field-manager'),
              fieldValidation: fieldValidationOf(flags),
              dryRun: dryRun === 'server' ? 'All' : undefined,
            },
            contentType: 'application/json',
            body: toJson(body, 0),
          })
          .catch((error: unknown) => {
            throw new WrappedError(`error when creating "${source}"`, error);
          });
      }
      if (printer) await session.out(printer.text(created));
      else await session.out(`${printedName(resource, created.metadata.name)} created${dryRunSuffix(dryRun)}\n`);
    } catch (error) {
      errors.push(error);
    }
  }
  throwCollected(errors);
}

/** kubectl create */
export const create: Command = {
  name: 'create',
  short: 'Create a resource from a file or from stdin',
  long: 'Create a resource from a file or from stdin.\n\n JSON and YAML formats are accepted.',
  group: 'Basic Commands (Beginner)',
  usage: '-f FILENAME [options]',
  completes: 'none',
  commands: [...rbacGenerators, ...policyGenerators, createConfigMap, createSecret, ...workloadGenerators, createToken].sort((a, b) =>
    a.name < b.name ? -1 : 1,
  ),
  flags: [
    ...filenameFlags,
    ...outputFlags,
    selectorFlags[0]!,
    dryRunFlag,
    validateFlag,
    fieldManagerFlag('kubectl-create'),
    defineFlag('save-config', 'bool', 'If true, the configuration of current object will be saved in its annotation.'),
    defineFlag('edit', 'bool', 'Edit the API resource before creating'),
    defineFlag('raw', 'string', 'Raw URI to POST to the server.'),
  ],
  run,
};
