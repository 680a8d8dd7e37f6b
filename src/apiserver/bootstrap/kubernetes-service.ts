/**
 * The `kubernetes` Service and its endpoints. Each API server keeps a key under /registry/masterleases with 15 s to live and
 * writes into the EndpointSlice the addresses of all whose keys live, so that a dead server drops out by itself.
 */
import { kindOf, storageKey, type EndpointSlice, type Kind, type Service } from '#api';
import { deepEqual, isConflict, type KubeObject } from '#apimachinery';
import type { Stop } from '#host';
import type { Core } from '../core.ts';
import { createObject } from '../registry/create.ts';
import { updateObject } from '../registry/update.ts';
import { loopbackContext } from '../registry/write-context.ts';
import { copyOf } from '../store/codec.ts';
import { prefixEnd } from '../store/etcd.ts';
import { parseRange, numberToAddress } from '../allocation/ranges.ts';
import { ensureObject } from './ensure.ts';
import { repeat } from './repeat.ts';

const prefix = '/registry/masterleases/';
const LEASE_SECONDS = 15;
const RECONCILE_MS = 10_000;
const namespace = 'default';
const name = 'kubernetes';

function serviceOf(core: Core): Service {
  const clusterIP = numberToAddress(parseRange(core.config.serviceClusterIpRange).base + 1);
  return {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { name, namespace, labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: {
      type: 'ClusterIP',
      clusterIP,
      clusterIPs: [clusterIP],
      ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: core.config.securePort }],
      sessionAffinity: 'None',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    },
  } as Service;
}

function sliceOf(core: Core, addresses: readonly string[]): EndpointSlice {
  return {
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: 'https', port: core.config.securePort, protocol: 'TCP' }],
  } as EndpointSlice;
}

function endpointsOf(core: Core, addresses: readonly string[]): KubeObject {
  const subsets =
    addresses.length > 0
      ? [{ addresses: addresses.map((ip) => ({ ip })), ports: [{ name: 'https', port: core.config.securePort, protocol: 'TCP' }] }]
      : [];
  return {
    kind: 'Endpoints',
    apiVersion: 'v1',
    metadata: { name, namespace, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets,
  } as KubeObject;
}

/** The keeper of the Service. */
export interface KubernetesService {
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Puts `wanted` in place where it differs in the given fields. */
async function putInPlace(core: Core, kind: Kind, wanted: KubeObject, fields: readonly string[]): Promise<void> {
  const stored = await core.store.get(kind, storageKey(kind, name, namespace));
  const pick = (object: KubeObject): unknown[] => fields.map((field) => (object as unknown as Record<string, unknown>)[field]);
  if (!stored) {
    await createObject(core, kind, namespace, wanted, loopbackContext(core));
    return;
  }
  if (deepEqual(pick(stored.object), pick(wanted))) return;
  const make = (current: KubeObject | undefined): KubeObject => {
    const updated = copyOf(current!) as unknown as Record<string, unknown>;
    for (const field of fields) updated[field] = (wanted as unknown as Record<string, unknown>)[field];
    return updated as unknown as KubeObject;
  };
  await updateObject(core, { kind, namespace, name, make }, loopbackContext(core));
}

/** Makes the keeper. */
export function createKubernetesService(core: Core): KubernetesService {
  const { etcd, config } = core;
  let stopTimer: Stop = () => undefined;
  const key = prefix + config.advertiseAddress;

  const renew = async (): Promise<void> => {
    const lease = await etcd.grantLease(LEASE_SECONDS);
    const value = JSON.stringify({
      kind: 'Endpoints',
      apiVersion: 'v1',
      metadata: {},
      subsets: [{ addresses: [{ ip: config.advertiseAddress }] }],
    });
    await etcd.txn({ compare: [], success: [{ put: { key, value, lease } }], failure: [] });
  };
  const liveAddresses = async (): Promise<string[]> => {
    const { kvs } = await etcd.range({ key: prefix, rangeEnd: prefixEnd(prefix), keysOnly: true });
    return kvs.map((kv) => kv.key.slice(prefix.length)).sort();
  };
  const publish = async (): Promise<void> => {
    const addresses = await liveAddresses();
    const slices = kindOf('discovery.k8s.io/v1', 'EndpointSlice');
    const endpoints = kindOf('v1', 'Endpoints');
    if (endpoints) await putInPlace(core, endpoints, endpointsOf(core, addresses), ['subsets']);
    if (slices) await putInPlace(core, slices, sliceOf(core, addresses), ['endpoints', 'ports']);
  };
  const reconcile = async (): Promise<void> => {
    await renew();
    await ensureObject(core, serviceOf(core));
    try {
      await publish();
    } catch (error) {
      // Another server wrote the same thing first; the next round looks again.
      if (!isConflict(error)) throw error;
    }
  };
  const withdraw = async (): Promise<void> => {
    try {
      await etcd.txn({ compare: [], success: [{ deleteRange: { key } }], failure: [] });
      await publish();
    } catch (error) {
      core.log('warning', `could not withdraw from the kubernetes service: ${error instanceof Error ? error.message : String(error)}`);
    }
  };

  return {
    async start() {
      await reconcile();
      stopTimer = repeat(core.clock, RECONCILE_MS, reconcile, (message) =>
        core.log('error', `unable to sync kubernetes service: ${message}`),
      );
    },
    async stop() {
      stopTimer();
      // An etcd that is out of reach does not keep the server from ending.
      await new Promise<void>((resolve) => {
        const giveUp = core.clock.after(2 * RECONCILE_MS, () => {
          core.log('error', 'RemoveEndpoints() timed out');
          resolve();
        });
        withdraw().then(() => {
          giveUp();
          resolve();
        }, resolve);
      });
    },
  };
}
