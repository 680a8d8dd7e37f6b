/** Abort signals in a tree, as Go's contexts: one listener on the long-lived signal, any number of short-lived ones below it. */

/** Makes signals that abort with their parent. */
export interface SignalTree {
  /** A new signal; `release` lets go of it once nobody listens any more. */
  fork(): { readonly signal: AbortSignal; readonly abort: (reason?: unknown) => void; readonly release: () => void };
}

/** The tree below a signal. */
export function signalTree(parent: AbortSignal): SignalTree {
  const children = new Set<AbortController>();
  parent.addEventListener(
    'abort',
    () => {
      for (const child of [...children]) child.abort(parent.reason);
      children.clear();
    },
    { once: true },
  );
  return {
    fork() {
      const child = new AbortController();
      if (parent.aborted) child.abort(parent.reason);
      else children.add(child);
      return { signal: child.signal, abort: (reason) => child.abort(reason), release: () => void children.delete(child) };
    },
  };
}

/** A signal that follows `parent` until `release`: what a single request listens to, so that nothing of it stays on a long-lived signal. */
export function followSignal(parent: AbortSignal): { readonly signal: AbortSignal; readonly release: () => void } {
  const own = new AbortController();
  const onAbort = (): void => own.abort(parent.reason);
  if (parent.aborted) onAbort();
  else parent.addEventListener('abort', onAbort, { once: true });
  return { signal: own.signal, release: () => parent.removeEventListener('abort', onAbort) };
}
