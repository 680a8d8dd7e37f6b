/** PrioritySort: pods of higher priority first, of equal priority the one that waits longer. */
import type { Plugin } from '../framework.ts';

/** The plugin. */
export function prioritySort(): Plugin {
  return {
    name: 'PrioritySort',
    compare: (a, b) => (b.pod.spec?.priority ?? 0) - (a.pod.spec?.priority ?? 0) || a.queuedMs - b.queuedMs,
  };
}
