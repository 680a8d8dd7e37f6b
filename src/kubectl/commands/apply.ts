/** kubectl apply: three-way merge on the client with the last-applied annotation, or server-side apply. */
import { createThreeWayMergePatch, createThreeWayStrategicPatch, StatusError, type JsonObject, type KubeObject } from '#apimachinery';
import { fieldSchemaOf, kindOf } from '#api';
import { defineFlag, dryRunFlag, filenameFlags, outputFlags, selectorFlags, validateFlag } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { dryRunSuffix, fieldValidationOf, readDryRun, type DryRun } from '../dry-run.ts';
import { goResource, isNotFound, pathOf, printedName } from '../discovery.ts';
import { CommandError, ErrorList, WrappedError } from '../errors.ts';
import { LAST_APPLIED, withLastApplied } from '../last-applied.ts';
import { hasFiles } from '../manifests.ts';
import { toJson } from '../printers/json.ts';
import { objectPrinter } from '../printers/output.ts';
import { namespaceOfObject, resourceOfObject, throwCollected, type Target } from '../targets.ts';
import { readManifests } from '../manifests.ts';
import { applyCommands } from './apply-last-applied.ts';
import { checkPrune, prune } from './prune.ts';

const MAX_PATCH_RETRIES = 5;

interface Applied {
  readonly object: KubeObject;
  readonly result: 'created' | 'configured' | 'unchanged' | 'serverside-applied';
}

interface Applying {
  readonly invocation: Invocation;
  readonly dryRun: DryRun;
  readonly fieldValidation: string;
}

const isEmptyPatch = (patch: unknown): boolean => typeof patch === 'object' && patch !== null && Object.keys(patch).length === 0;

/** The patch from the live object to the manifest, and its media type. */
export function threeWayPatch(modified: KubeObject, current: KubeObject): { patch: unknown; contentType: string } {
  const lastApplied = current.metadata.annotations?.[LAST_APPLIED];
  const original = (lastApplied ? JSON.parse(lastApplied) : undefined) as JsonObject | undefined;
  const kind = kindOf(modified.apiVersion, modified.kind);
  if (!kind) return { patch: createThreeWayMergePatch(original, modified, current), contentType: 'application/merge-patch+json' };
  const patch = createThreeWayStrategicPatch(
    original ?? {},
    modified as unknown as JsonObject,
    current as unknown as JsonObject,
    fieldSchemaOf(kind),
  );
  return { patch, contentType: 'application/strategic-merge-patch+json' };
}

async function create(applying: Applying, target: Target, modified: KubeObject): Promise<Applied> {
  const { session } = applying.invocation;
  if (applying.dryRun === 'client') return { object: modified, result: 'created' };
  try {
    const object = await session.json<KubeObject>({
      method: 'POST',
      path: pathOf(target.resource, target.namespace),
      query: {
        fieldManager: fieldManager(applying),
        fieldValidation: applying.fieldValidation,
        dryRun: applying.dryRun === 'server' ? 'All' : undefined,
      },
      contentType: 'application/json',
      body: toJson(modified, 0),
    });
    return { object, result: 'created' };
  } catch (error) {
    throw new WrappedError(`error when creating "${target.source ?? ''}"`, error);
  }
}

const fieldManager = ({ invocation }: Applying): string => invocation.flags.text('field-manager') || 'kubectl-client-side-apply';

async function patchLive(applying: Applying, target: Target, modified: KubeObject, live: KubeObject): Promise<Applied> {
  const { session, flags } = applying.invocation;
  let current = live;
  for (let attempt = 0; ; attempt++) {
    const { patch, contentType } = threeWayPatch(modified, current);
    if (isEmptyPatch(patch)) return { object: current, result: 'unchanged' };
    if (applying.dryRun === 'client') return { object: current, result: 'configured' };
    try {
      const object = await session.json<KubeObject>({
        method: 'PATCH',
        path: pathOf(target.resource, target.namespace, target.name),
        query: {
          fieldManager: fieldManager(applying),
          fieldValidation: applying.fieldValidation,
          dryRun: applying.dryRun === 'server' ? 'All' : undefined,
        },
        contentType,
        body: toJson(patch, 0),
      });
      const same = object.metadata.resourceVersion === current.metadata.resourceVersion && applying.dryRun !== 'server';
      return { object, result: same ? 'unchanged' : 'configured' };
    } catch (error) {
      const isConflict = error instanceof StatusError && error.status.reason === 'Conflict';
      if (isConflict && attempt < MAX_PATCH_RETRIES) {
        current = await session.json<KubeObject>({ method: 'GET', path: pathOf(target.resource, target.namespace, target.name) });
        continue;
      }
      if (flags.on('force') && error instanceof StatusError && (isConflict || error.status.reason === 'Invalid'))
        return replaceLive(applying, target, modified);
      throw new WrappedError(
        `error when applying patch:\n${toJson(patch, 0).trim()}\nto:\nResource: "${goResource(target.resource)}", GroupVersionKind: "${target.resource.group}/${target.resource.version}, Kind=${target.resource.kind}"\nName: "${target.name ?? ''}", Namespace: "${target.namespace ?? ''}"\nfor: "${target.source ?? ''}": error when patching "${target.source ?? ''}"`,
        error,
      );
    }
  }
}

/** --force: deletes what cannot be patched and creates it anew. */
async function replaceLive(applying: Applying, target: Target, modified: KubeObject): Promise<Applied> {
  const { session } = applying.invocation;
  const path = pathOf(target.resource, target.namespace, target.name);
  await session.json({
    method: 'DELETE',
    path,
    body: { propagationPolicy: 'Background', gracePeriodSeconds: 0 },
    contentType: 'application/json',
  });
  for (;;) {
    try {
      await session.json({ method: 'GET', path });
    } catch (error) {
      if (isNotFound(error)) break;
      throw error;
    }
    await session.process.clock.sleep(500);
  }
  return { ...(await create(applying, target, modified)), result: 'configured' };
}

async function applyClientSide(applying: Applying, target: Target): Promise<Applied> {
  const { session } = applying.invocation;
  const manifest: KubeObject = {
    ...target.object!,
    metadata: { ...target.object!.metadata, ...(target.namespace ? { namespace: target.namespace } : {}) },
  };
  const modified = withLastApplied(manifest);
  const what = `Resource: "${goResource(target.resource)}", GroupVersionKind: "${target.resource.group}/${target.resource.version}, Kind=${target.resource.kind}"\nName: "${target.name ?? ''}", Namespace: "${target.namespace ?? ''}"\nfrom server for: "${target.source ?? ''}"`;
  if (!target.name) {
    if (manifest.metadata.generateName)
      throw new CommandError(`error: from ${manifest.metadata.generateName}: cannot use generate name with apply`);
    throw new WrappedError(`error when retrieving current configuration of:\n${what}`, new Error('resource name may not be empty'));
  }
  let live: KubeObject;
  try {
    live = await session.json<KubeObject>({ method: 'GET', path: pathOf(target.resource, target.namespace, target.name) });
  } catch (error) {
    if (isNotFound(error)) return create(applying, target, modified);
    throw new WrappedError(`error when retrieving current configuration of:\n${what}`, error);
  }
  if (live.metadata.annotations?.[LAST_APPLIED] === undefined) {
    await session.err(
      `Warning: resource ${target.resource.plural}/${target.name} is missing the ${LAST_APPLIED} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`,
    );
  }
  return patchLive(applying, target, modified, live);
}

const CONFLICT_HELP = `Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the \`--force-conflicts\` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`;

async function applyServerSide(applying: Applying, target: Target): Promise<Applied> {
  const { session, flags } = applying.invocation;
  const object = {
    ...target.object!,
    metadata: { ...target.object!.metadata, ...(target.namespace ? { namespace: target.namespace } : {}) },
  };
  try {
    const applied = await session.json<KubeObject>({
      method: 'PATCH',
      path: pathOf(target.resource, target.namespace, target.name),
      query: {
        fieldManager: flags.text('field-manager') || 'kubectl',
        fieldValidation: applying.fieldValidation,
        force: String(flags.on('force-conflicts')),
        dryRun: applying.dryRun === 'server' ? 'All' : undefined,
      },
      contentType: 'application/apply-patch+yaml',
      body: toJson(object, 0),
    });
    return { object: applied, result: 'serverside-applied' };
  } catch (error) {
    if (!(error instanceof StatusError) || error.status.reason !== 'Conflict' || !error.status.details?.causes?.length) throw error;
    throw new CommandError(`${error.message}\n${CONFLICT_HELP}`);
  }
}

async function run(invocation: Invocation): Promise<void> {
  const { session, flags, args } = invocation;
  if (args.length > 0) throw new CommandError(`Unexpected args: [${args.join(' ')}]\nSee 'kubectl apply -h' for help and examples`);
  if (!hasFiles(flags)) throw new CommandError('must specify one of -f and -k');
  const serverSide = flags.on('server-side');
  const dryRun = await readDryRun(session, flags);
  if (flags.on('force-conflicts') && !serverSide) throw new CommandError('--force-conflicts only works with --server-side');
  if (serverSide && dryRun === 'client')
    throw new CommandError("--dry-run=client doesn't work with --server-side (did you mean --dry-run=server instead?)");
  if (serverSide && flags.on('force')) throw new CommandError('--force cannot be used with --server-side');
  checkPrune(invocation);
  const applying: Applying = { invocation, dryRun, fieldValidation: fieldValidationOf(flags) };
  const printer = objectPrinter(session, flags, false);
  const manifests = await readManifests(session, flags);
  if (manifests.length === 0) throw new CommandError('no objects passed to apply');
  const errors: unknown[] = [];
  const done: KubeObject[] = [];
  for (const { object, source } of manifests) {
    try {
      const resource = await resourceOfObject(session, object, source);
      const target: Target = {
        resource,
        namespace: namespaceOfObject(session, resource, object),
        name: object.metadata.name || undefined,
        object,
        source,
      };
      const applied = serverSide ? await applyServerSide(applying, target) : await applyClientSide(applying, target);
      done.push(applied.object);
      if (printer) await session.out(printer.text(applied.object));
      else await session.out(`${printedName(resource, applied.object.metadata.name)} ${applied.result}${dryRunSuffix(dryRun)}\n`);
    } catch (error) {
      errors.push(...(error instanceof ErrorList ? error.errors : [error]));
    }
  }
  throwCollected(errors);
  if (flags.on('prune')) await prune(invocation, done, dryRun);
}

/** kubectl apply */
export const apply: Command = {
  name: 'apply',
  short: 'Apply a configuration to a resource by file name or stdin',
  long: "Apply a configuration to a resource by file name or stdin. The resource name must be specified. This resource will be created if it doesn't exist yet. To use 'apply', always create the resource initially with either 'apply' or 'create --save-config'.\n\n JSON and YAML formats are accepted.",
  group: 'Advanced Commands',
  usage: '(-f FILENAME | -k DIRECTORY) [options]',
  examples:
    '  # Apply the configuration in pod.json to a pod\n  kubectl apply -f ./pod.json\n\n  # Apply the JSON passed into stdin to a pod\n  cat pod.json | kubectl apply -f -',
  completes: 'none',
  commands: applyCommands,
  flags: [
    ...filenameFlags,
    ...outputFlags,
    selectorFlags[0]!,
    dryRunFlag,
    validateFlag,
    defineFlag('field-manager', 'string', 'Name of the manager used to track field ownership.'),
    defineFlag('server-side', 'bool', 'If true, apply runs in the server instead of the client.'),
    defineFlag('force-conflicts', 'bool', 'If true, server-side apply will force the changes against conflicts.'),
    defineFlag('force', 'bool', 'If true, immediately remove resources from API and bypass graceful deletion.'),
    defineFlag(
      'overwrite',
      'bool',
      'Automatically resolve conflicts between the modified and live configuration by using values from the modified configuration',
      { initial: 'true' },
    ),
    defineFlag('grace-period', 'int', 'Period of time in seconds given to the resource to terminate gracefully.', { initial: '-1' }),
    defineFlag('timeout', 'duration', 'The length of time to wait before giving up on a delete', { initial: '0s' }),
    defineFlag('wait', 'bool', 'If true, wait for resources to be gone before returning.'),
    defineFlag(
      'prune',
      'bool',
      'Automatically delete resource objects, that do not appear in the configs and are created by either apply or create --save-config. Should be used with either -l or --all.',
    ),
    defineFlag('prune-allowlist', 'list', 'Overwrite the default allowlist with <group/version/kind> for --prune'),
    defineFlag('cascade', 'string', 'Deletion cascading of pruned objects.', { initial: 'background' }),
    defineFlag('all', 'bool', 'Select all resources in the namespace of the specified resource types.'),
  ],
  run,
};
