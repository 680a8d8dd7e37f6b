/** What the generators of `kubectl create` share: making one object, sending it, printing the result. */
import { StatusError, type KubeObject } from '#apimachinery';
import { defineFlag, dryRunFlag, fieldManagerFlag, outputFlags, validateFlag } from '../../common-flags.ts';
import type { Command, Invocation } from '../../command.ts';
import { pathOf, printedName } from '../../discovery.ts';
import { dryRunSuffix, fieldValidationOf, readDryRun } from '../../dry-run.ts';
import { CommandError, UsageError } from '../../errors.ts';
import { withLastApplied } from '../../last-applied.ts';
import { toJson } from '../../printers/json.ts';
import { objectPrinter } from '../../printers/output.ts';
import type { FlagSpec } from '../../flags.ts';

/** Flags every generator takes. */
export const generatorFlags: readonly FlagSpec[] = [
  ...outputFlags,
  dryRunFlag,
  validateFlag,
  fieldManagerFlag('kubectl-create'),
  defineFlag('save-config', 'bool', 'If true, the configuration of current object will be saved in its annotation.'),
];

/** The one NAME of a generator. Throws UsageError for none or several. */
export function nameArgument(invocation: Invocation): string {
  const args = invocation.dashAt >= 0 ? invocation.args.slice(0, invocation.dashAt) : invocation.args;
  if (args.length !== 1) throw new UsageError(`exactly one NAME is required, got ${args.length}`, invocation.path);
  if (args[0] === '') throw new CommandError('name must be specified');
  return args[0]!;
}

/** Words after `--`. */
export function commandArgument({ args, dashAt }: Invocation): string[] {
  return dashAt < 0 ? [] : args.slice(dashAt);
}

/** Sends a generated object (unless it is a client dry run) and prints it. `what`: `deployment`, told when creation fails; `done`: what is said of it. */
export async function createGenerated(...parts: Parameters<typeof makeGenerated>): Promise<void> {
  const tell = await makeGenerated(...parts);
  await tell();
}

/** As `createGenerated`, and leaves the printing to its caller. */
export async function makeGenerated(
  invocation: Invocation,
  object: KubeObject,
  what: string | undefined,
  namespaced: boolean,
  done = 'created',
): Promise<() => Promise<void>> {
  const { session, flags } = invocation;
  const dryRun = await readDryRun(session, flags);
  const printer = objectPrinter(session, flags, false);
  const named: KubeObject =
    namespaced && (session.namespaceGiven || dryRun !== 'client')
      ? { ...object, metadata: { ...object.metadata, namespace: session.namespace } }
      : object;
  let result = flags.on('save-config') ? withLastApplied(named) : named;
  if (dryRun !== 'client') {
    const resource = await session.discovery.resourceOfKind(object.apiVersion, object.kind);
    if (!resource) throw new CommandError(`no matches for kind "${object.kind}" in version "${object.apiVersion}"`);
    try {
      result = await session.json<KubeObject>({
        method: 'POST',
        path: pathOf(resource, namespaced ? session.namespace : undefined),
        query: {
          fieldManager: flags.text('field-manager'),
          fieldValidation: fieldValidationOf(flags),
          dryRun: dryRun === 'server' ? 'All' : undefined,
        },
        contentType: 'application/json',
        body: toJson(result, 0),
      });
    } catch (error) {
      if (what !== undefined && error instanceof StatusError)
        throw new CommandError(`failed to create ${what}${what === 'secret' ? '' : ':'} ${error.message}`);
      throw error;
    }
  }
  const made = result;
  return () => {
    if (printer) return session.out(printer.text(made));
    const group = object.apiVersion.includes('/') ? object.apiVersion.split('/')[0]! : '';
    return session.out(`${printedName({ group, kind: object.kind }, made.metadata.name)} ${done}${dryRunSuffix(dryRun)}\n`);
  };
}

/** A generator as a command. */
export function generator(
  definition: Omit<Command, 'run' | 'flags'> & {
    flags?: readonly FlagSpec[];
    what?: string;
    clusterScoped?: boolean;
    build(invocation: Invocation): KubeObject | Promise<KubeObject>;
  },
): Command {
  const { build, what, clusterScoped, flags, ...rest } = definition;
  return {
    completes: 'none',
    ...rest,
    flags: [...generatorFlags, ...(flags ?? [])],
    run: async (invocation) => createGenerated(invocation, await build(invocation), what, !clusterScoped),
  };
}

/** The metadata of a generated object; Go prints its empty creation time. */
export function generatedMetadata(name: string, more: Record<string, unknown> = {}): KubeObject['metadata'] {
  return { creationTimestamp: null, name, ...more } as unknown as KubeObject['metadata'];
}
