/** What verbs that are one patch share: sending it (or not, in a dry run), telling what was done, their flags. */
import type { KubeObject } from '#apimachinery';
import { allNamespacesFlag, defineFlag, dryRunFlag, fieldManagerFlag, filenameFlags, outputFlags, selectorFlags } from './common-flags.ts';
import type { Command, Invocation } from './command.ts';
import { pathOf, printedName } from './discovery.ts';
import { dryRunSuffix, dryRunMeant } from './dry-run.ts';
import { objectPrinter } from './printers/output.ts';
import type { Info } from './targets.ts';

/** Media types of the three kinds of patches. */
export const PATCH_TYPES = {
  strategic: 'application/strategic-merge-patch+json',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
} as const;

/** Sends a patch; a client dry run is the caller's business. */
export async function sendPatch(
  invocation: Invocation,
  info: Pick<Info, 'resource' | 'namespace' | 'name'>,
  body: unknown,
  contentType: string,
  subresource?: string,
): Promise<KubeObject> {
  const { session, flags } = invocation;
  const dryRun = dryRunMeant(flags);
  return session.json<KubeObject>({
    method: 'PATCH',
    path: pathOf(info.resource, info.namespace, info.name, subresource),
    query: { fieldManager: flags.text('field-manager') || undefined, dryRun: dryRun === 'server' ? 'All' : undefined },
    contentType,
    accept: 'application/json, */*',
    body,
  });
}

/** Prints what was done with an object: its name and `done`, or the object as -o asks. */
export async function report(
  invocation: Invocation,
  info: Pick<Info, 'resource' | 'name'>,
  object: KubeObject,
  done: string,
): Promise<void> {
  const { session, flags } = invocation;
  const printer = objectPrinter(session, flags, false);
  const suffix = dryRunSuffix(dryRunMeant(flags));
  await session.out(printer ? printer.text(object) : `${printedName(info.resource, info.name)} ${done}${suffix}\n`);
}

/** Flags of a verb that patches. */
export const patchFlags = (manager: string): NonNullable<Command['flags']> => [
  ...filenameFlags,
  ...outputFlags,
  ...selectorFlags,
  allNamespacesFlag,
  dryRunFlag,
  fieldManagerFlag(manager),
  defineFlag('all', 'bool', 'Select all resources in the namespace of the specified resource types'),
];

/** A workload, or a pod, as far as its pod template is concerned. */
export interface Templated {
  spec?: { template?: { spec?: PodParts }; jobTemplate?: { spec?: { template?: { spec?: PodParts } } } } & PodParts;
}
/** The containers of a pod spec. */
export interface PodParts {
  containers?: { name: string }[];
  initContainers?: { name: string }[];
}
