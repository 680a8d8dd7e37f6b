/** Notices that etcd has become older than it was: its data were replaced by those of a snapshot. */
import type { Etcd } from './etcd.ts';

/**
 * `etcd` with `onBack` called, once, when a linearizable read or a transaction answers with a revision below one that was seen before it was sent.
 * No etcd goes back by itself, so that what the watch caches hold is of another past than what is stored.
 */
export function withRevisionWatch(etcd: Etcd, onBack: (seen: number, now: number) => void): Etcd {
  let newest = 0;
  let isBack = false;
  const check = <T extends { readonly header: { readonly revision: number } }>(seen: number, answer: T): T => {
    const { revision } = answer.header;
    if (revision < seen && !isBack) {
      isBack = true;
      onBack(seen, revision);
    }
    newest = Math.max(newest, revision);
    return answer;
  };
  return {
    ...etcd,
    async range(request, options) {
      const seen = request.serializable ? 0 : newest;
      return check(seen, await etcd.range(request, options));
    },
    async txn(request, options) {
      const seen = newest;
      return check(seen, await etcd.txn(request, options));
    },
  };
}
