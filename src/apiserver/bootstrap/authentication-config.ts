/** kube-system/extension-apiserver-authentication: how extension servers and components learn whom this server trusts. */
import { kindOf, type ConfigMap } from '#api';
import { deepEqual } from '#apimachinery';
import type { Core } from '../core.ts';
import { updateObject } from '../registry/update.ts';
import { loopbackContext } from '../registry/write-context.ts';
import { copyOf } from '../store/codec.ts';
import { ensureObject } from './ensure.ts';

function wantedData(core: Core): Record<string, string> {
  const { clientCaPem, requestHeaderCaPem, requestHeaderNames } = core.config;
  const data: Record<string, string> = {};
  if (clientCaPem) data['client-ca-file'] = clientCaPem;
  if (!requestHeaderCaPem) return data;
  return {
    ...data,
    'requestheader-allowed-names': JSON.stringify(requestHeaderNames),
    'requestheader-client-ca-file': requestHeaderCaPem,
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-uid-headers': '["X-Remote-Uid"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  };
}

/** Writes the ConfigMap where it is missing or old. */
export async function authenticationConfig(core: Core): Promise<void> {
  const metadata = { name: 'extension-apiserver-authentication', namespace: 'kube-system' };
  const data = wantedData(core);
  await ensureObject(core, { kind: 'ConfigMap', apiVersion: 'v1', metadata, data } as ConfigMap);
  const kind = kindOf('v1', 'ConfigMap')!;
  const make = (current: object | undefined): ConfigMap => {
    const updated = copyOf(current) as ConfigMap;
    return deepEqual(updated.data ?? {}, data) ? updated : { ...updated, data };
  };
  await updateObject(core, { kind, ...metadata, make }, loopbackContext(core));
}
