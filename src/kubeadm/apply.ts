/** The effects of kubeadm's phases: files written to a machine, objects created in the API. Safe to do again: what is there stays. */
import { isAlreadyExists, StatusError } from '#apimachinery';
import { resources, type Resource, type RestClient } from '#client';
import { kindOf } from '#api';
import type { Files } from '#host';
import type { ApiObject } from './api-objects.ts';
import { markControlPlanePatch } from './bootstrap-objects.ts';
import type { GeneratedFile } from './configuration.ts';

/** Writes generated files with their parents. */
export function writeFiles(files: Files, generated: readonly GeneratedFile[]): void {
  for (const { path, content, mode } of generated) {
    files.makeDirectory(path.slice(0, path.lastIndexOf('/')), { recursive: true });
    files.write(path, content, { mode });
  }
}

/** Creates objects in order; one that exists already is left as it is, one whose kind the API does not have is answered for the caller to tell. Rejects as the client does. */
export async function applyInitObjects(client: RestClient, objects: readonly ApiObject[]): Promise<ApiObject[]> {
  const unknown: ApiObject[] = [];
  for (const object of objects) {
    const kind = kindOf(object.apiVersion, object.kind);
    if (!kind) {
      unknown.push(object);
      continue;
    }
    try {
      await client.create(kind as Resource, object);
    } catch (error) {
      if (!(error instanceof StatusError) || !isAlreadyExists(error)) throw error;
    }
  }
  return unknown;
}

/** Labels and taints the Node of a control plane. Rejects with NotFound while it has not registered. */
export async function markControlPlane(client: RestClient, nodeName: string): Promise<void> {
  await client.patch(resources.nodes, nodeName, undefined, 'strategic', markControlPlanePatch);
}
