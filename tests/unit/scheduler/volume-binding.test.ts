import { describe, expect, it } from 'vitest';
import type { Pod } from '#api';
import { createStore } from '../../../src/client/store.ts';
import type { Handle } from '../../../src/scheduler/framework.ts';
import { nodeInfoOf } from '../../../src/scheduler/node-info.ts';
import { volumeBinding } from '../../../src/scheduler/plugins/volume-binding.ts';
import { nodeOf, podOf } from '../client/fake-api.ts';

/** An object whose fields a test sets freely. */
type Loose = ReturnType<typeof JSON.parse>;
const pod = podOf('p', { containers: [], volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] } as never) as unknown as Pod;
const bound = {
  metadata: { name: 'c', namespace: pod.metadata.namespace, annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } },
  spec: { volumeName: 'pv' },
  status: { phase: 'Bound' },
};
const open = {
  metadata: { name: 'c', namespace: pod.metadata.namespace },
  spec: { storageClassName: 'late' },
  status: { phase: 'Pending' },
};

function pluginWith(objects: { claim?: object; volume?: object; classes?: object[] }) {
  const patches: unknown[] = [];
  const storeOf = (...items: (object | undefined)[]) => {
    const store = createStore<Loose>();
    for (const item of items) if (item) store.put(item);
    return store;
  };
  const claims = storeOf(objects.claim);
  const storage = {
    claims,
    volumes: storeOf(objects.volume),
    classes: storeOf(...(objects.classes ?? [])),
    untilClaims: () => Promise.resolve(true),
  };
  const client = { patch: (...words: unknown[]) => Promise.resolve(void patches.push(words.at(-1))) };
  return { plugin: volumeBinding({ storage, client } as unknown as Handle), patches };
}
const onNode = (name: string) => nodeInfoOf(nodeOf(name, { labels: { 'kubernetes.io/hostname': name } } as never) as never, []);

describe('a pod with a claim', () => {
  it('fits nowhere while the claim is missing, or is to be bound without it', () => {
    expect(pluginWith({}).plugin.preFilter!(new Map(), pod, [])?.status?.reasons).toEqual(['persistentvolumeclaim "c" not found']);
    expect(pluginWith({ claim: open }).plugin.preFilter!(new Map(), pod, [])?.status?.reasons).toEqual([
      'pod has unbound immediate PersistentVolumeClaims',
    ]);
  });
  it('goes where its volume is', () => {
    const values = ['here'];
    const terms = [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values }] }];
    const volume = { metadata: { name: 'pv' }, spec: { nodeAffinity: { required: { nodeSelectorTerms: terms } } } };
    const { plugin } = pluginWith({ claim: bound, volume });
    expect(plugin.filter!(new Map(), pod, onNode('here'))).toBeUndefined();
    expect(plugin.filter!(new Map(), pod, onNode('there'))?.reasons).toEqual(["node(s) didn't match PersistentVolume's node affinity"]);
  });
  it('tells its node to a claim that waits for its first consumer', async () => {
    const late = { metadata: { name: 'late' }, volumeBindingMode: 'WaitForFirstConsumer' };
    const { plugin, patches } = pluginWith({ claim: open, classes: [late] });
    expect(plugin.preFilter!(new Map(), pod, [])).toBeUndefined();
    expect(await plugin.preBind!(new Map(), pod, 'worker-1')).toBeUndefined();
    expect(patches).toEqual([{ metadata: { annotations: { 'volume.kubernetes.io/selected-node': 'worker-1' } } }]);
  });
});
