/** TaintNodesByCondition: a new Node begins with the not-ready taint, so that nothing lands on it before it is known to be well. */
import type { Node } from '#api';
import { isAbout, type AdmissionPlugin } from './plugin.ts';

const notReady = 'node.kubernetes.io/not-ready';

/** The plugin. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  async admit(attributes) {
    if (attributes.operation !== 'CREATE' || !isAbout(attributes, '', 'nodes')) return;
    const node = attributes.object as Node;
    const taints = node.spec?.taints ?? [];
    if (taints.some((taint) => taint.key === notReady && taint.effect === 'NoSchedule')) return;
    node.spec = { ...node.spec, taints: [...taints, { key: notReady, effect: 'NoSchedule' }] };
  },
};
