/** kubectl diff: what apply would change, as the unified difference of the live and the merged object. Exit code 1 where they differ. */
import { StatusError, type KubeObject } from '#apimachinery';
import { klogLine } from '#client';
import { unifiedDiff } from '#shell';
import { defineFlag, fieldManagerFlag, filenameFlags, selectorFlags } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { isNotFound, pathOf } from '../discovery.ts';
import { CodedError, CommandError, SilentExit } from '../errors.ts';
import { LAST_APPLIED } from '../last-applied.ts';
import { hasFiles } from '../manifests.ts';
import { toJson } from '../printers/json.ts';
import { toYaml } from '../printers/yaml.ts';
import { readTargets, type Target } from '../targets.ts';
import { temporaryFile } from '../editor.ts';
import { threeWayPatch } from './apply.ts';

/** The exit code of every failure: 1 says that something differs. */
const TROUBLE = 2;
/** How often an object that somebody else changes meanwhile is looked at. */
const TRIES = 4;

async function liveOf({ session }: Invocation, target: Target): Promise<KubeObject | undefined> {
  try {
    return await session.json<KubeObject>({ method: 'GET', path: pathOf(target.resource, target.namespace, target.name) });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** What the server would make of it: a dry run of create, of the three-way patch, or of server-side apply. */
async function mergedOf({ session, flags }: Invocation, target: Target, live: KubeObject | undefined): Promise<KubeObject> {
  const manifest: KubeObject = {
    ...target.object!,
    metadata: { ...target.object!.metadata, ...(target.namespace ? { namespace: target.namespace } : {}) },
  };
  const path = pathOf(target.resource, target.namespace, target.name);
  const fieldManager = flags.text('field-manager');
  if (flags.on('server-side'))
    return session.json<KubeObject>({
      method: 'PATCH',
      path,
      query: { dryRun: 'All', fieldManager, force: String(flags.on('force-conflicts')) },
      contentType: 'application/apply-patch+yaml',
      body: toJson(manifest, 0),
    });
  if (!live)
    return session.json<KubeObject>({
      method: 'POST',
      path: pathOf(target.resource, target.namespace),
      query: { dryRun: 'All', fieldManager },
      contentType: 'application/json',
      body: toJson(manifest, 0),
    });
  // The annotation of apply is left as it is: it would differ with every change and say nothing new.
  const known = live.metadata.annotations?.[LAST_APPLIED];
  const annotated =
    known === undefined
      ? manifest
      : { ...manifest, metadata: { ...manifest.metadata, annotations: { ...manifest.metadata.annotations, [LAST_APPLIED]: known } } };
  const { patch, contentType } = threeWayPatch(annotated, live);
  if (Object.keys(patch as object).length === 0) return live;
  return session.json<KubeObject>({ method: 'PATCH', path, query: { dryRun: 'All', fieldManager }, contentType, body: toJson(patch, 0) });
}

/** Values of secrets are told only as equal or different. */
function masked(object: KubeObject | undefined, other: KubeObject | undefined, when: string): KubeObject | undefined {
  if (object?.kind !== 'Secret') return object;
  const data = (object as KubeObject & { data?: Record<string, string> }).data ?? {};
  const against = (other as (KubeObject & { data?: Record<string, string> }) | undefined)?.data ?? {};
  const hidden = Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, key in against && against[key] !== value ? `*** (${when})` : '***']),
  );
  return { ...object, data: hidden } as KubeObject;
}

function printed(object: KubeObject | undefined, showManaged: boolean): string {
  if (!object) return '';
  const { managedFields, ...metadata } = object.metadata;
  return toYaml({ ...object, metadata: showManaged && managedFields ? object.metadata : metadata });
}

/** The live object and the merged one. A conflict is taken for a change in between: read again, and at last told. */
async function bothOf(invocation: Invocation, target: Target): Promise<readonly [live: KubeObject | undefined, merged: KubeObject]> {
  const { session } = invocation;
  for (let attempt = 1; ; attempt++) {
    if (attempt === TRIES) {
      const { group, version, kind } = target.resource;
      const what = `${group}/${version}, Kind=${kind}: ${target.name ?? ''}`;
      const message = `Object (${what}) keeps changing, diffing without lock`;
      await session.err(klogLine('warning', session.nowMs(), session.process.pid, 'diff.go:723', message));
    }
    const live = await liveOf(invocation, target);
    try {
      return [live, await mergedOf(invocation, target, live)];
    } catch (error) {
      if (attempt === TRIES || !(error instanceof StatusError) || error.status.reason !== 'Conflict') throw error;
    }
  }
}

async function run(invocation: Invocation): Promise<void> {
  const { session, flags, args } = invocation;
  if (args.length > 0) throw new CommandError(`Unexpected args: [${args.join(' ')}]\nSee 'kubectl diff -h' for help and examples`);
  if (!hasFiles(flags)) throw new CommandError('must specify one of -f and -k');
  const [from, to] = [temporaryFile(session, 'LIVE-', ''), temporaryFile(session, 'MERGED-', '')];
  const time = `${new Date(session.nowMs()).toISOString().replace('T', ' ').replace('Z', '')}000000 +0000`;
  const parts: { name: string; text: string }[] = [];
  for (const target of await readTargets(invocation, { allowCollections: false })) {
    const { group, version, kind } = target.resource;
    const name = `${group ? `${group}.` : ''}${version}.${kind}.${target.namespace ?? ''}.${target.name ?? ''}`;
    const [live, merged] = await bothOf(invocation, target);
    const [before, after] = [masked(live, merged, 'before'), masked(merged, live, 'after')];
    const labels = { from: `${from}/${name}\t${time}`, to: `${to}/${name}\t${time}` };
    const showManaged = flags.on('show-managed-fields');
    const text = unifiedDiff(printed(before, showManaged), printed(after, showManaged), labels);
    if (text) parts.push({ name, text: `diff -u -N ${from}/${name} ${to}/${name}\n${text}` });
  }
  parts.sort((a, b) => (a.name < b.name ? -1 : 1));
  await session.out(parts.map(({ text }) => text).join(''));
  if (parts.length > 0) throw new SilentExit(1);
}

/** kubectl diff */
export const diff: Command = {
  name: 'diff',
  short: 'Diff the live version against a would-be applied version',
  group: 'Advanced Commands',
  usage: '-f FILENAME [options]',
  completes: 'none',
  flags: [
    ...filenameFlags,
    selectorFlags[0]!,
    fieldManagerFlag('kubectl-client-side-apply'),
    defineFlag('force-conflicts', 'bool', 'If true, server-side apply will force the changes against conflicts.'),
    defineFlag('server-side', 'bool', 'If true, apply runs in the server instead of the client.'),
    defineFlag('show-managed-fields', 'bool', 'If true, include managed fields in the diff.'),
  ],
  run: (invocation) =>
    run(invocation).catch((error: unknown) => {
      throw error instanceof SilentExit ? error : new CodedError(error, TROUBLE);
    }),
};
