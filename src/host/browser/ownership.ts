/**
 * Who runs a stored cluster: one page at a time. A Web Lock held for the page's whole life where there are locks (secure contexts),
 * else a BroadcastChannel on which the owner answers. The fencing number of each disk holds even if both fail.
 */

/** How long an owner may take to let go before it is taken for dead and its lock is stolen. */
const TAKE_OVER_MS = 3_000;
/** How long an owner on the channel may take to say that it is there. */
const ANSWER_MS = 250;

type Word = { readonly kind: 'who-owns' } | { readonly kind: 'owned' } | { readonly kind: 'take-over' } | { readonly kind: 'released' };

/** A page's claim on a stored cluster. */
export interface Ownership {
  readonly isOwner: boolean;
  /** Whether Web Locks stand behind it; without them two pages opened at the same instant are told apart by the disks' fences only. */
  readonly hasLocks: boolean;
  /** Asks the owner to let go, and becomes the owner. Resolves when this page is. */
  takeOver(): Promise<void>;
  /** Called once when another page takes over: everything that writes must stop, then `release`. */
  onTakenOver(listener: () => Promise<void> | void): void;
  release(): void;
}

const nameOf = (cluster: string): string => `tabernetes/${cluster}`;

/** Holds the lock until the returned function is called; undefined if somebody else has it. */
function holdLock(name: string, options: LockOptions, onStolen: () => void): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    let isHeld = false;
    navigator.locks
      .request(name, options, (lock) => {
        if (!lock) return resolve(undefined);
        isHeld = true;
        return new Promise<void>((release) => resolve(() => release()));
      })
      // After it was held, a rejection means that another page stole it.
      .catch((error: unknown) => (isHeld ? onStolen() : reject(error instanceof Error ? error : new Error(String(error)))));
  });
}

function waitFor(channel: BroadcastChannel, kind: Word['kind'], withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const listener = ({ data }: MessageEvent<Word>): void => {
      if (data.kind === kind) finish(true);
    };
    const finish = (heard: boolean): void => {
      clearTimeout(timer);
      channel.removeEventListener('message', listener);
      resolve(heard);
    };
    const timer = setTimeout(() => finish(false), withinMs);
    channel.addEventListener('message', listener);
  });
}

/** Claims a cluster. Resolves with a claim that may have found another owner. */
export async function claimCluster(cluster: string): Promise<Ownership> {
  const name = nameOf(cluster);
  const hasLocks = 'locks' in navigator;
  const channel = new BroadcastChannel(name);
  let isOwner = false;
  let releaseLock: () => void = () => undefined;
  let takenOver: () => Promise<void> | void = () => undefined;
  const say = (word: Word): void => channel.postMessage(word);
  const lose = async (): Promise<void> => {
    if (!isOwner) return;
    isOwner = false;
    await takenOver();
    releaseLock();
    say({ kind: 'released' });
  };
  channel.addEventListener('message', ({ data }: MessageEvent<Word>) => {
    if (!isOwner) return;
    if (data.kind === 'who-owns') say({ kind: 'owned' });
    else if (data.kind === 'take-over') void lose();
  });
  const own = (release: () => void): void => {
    releaseLock = release;
    isOwner = true;
  };
  if (hasLocks) {
    const release = await holdLock(name, { ifAvailable: true }, () => void lose());
    if (release) own(release);
  } else {
    const answered = waitFor(channel, 'owned', ANSWER_MS);
    say({ kind: 'who-owns' });
    if (!(await answered)) own(() => undefined);
  }
  return {
    get isOwner() {
      return isOwner;
    },
    hasLocks,
    async takeOver() {
      if (isOwner) return;
      const released = waitFor(channel, 'released', TAKE_OVER_MS);
      say({ kind: 'take-over' });
      const answered = await released;
      if (!hasLocks) return own(() => undefined);
      const release = await holdLock(name, answered ? {} : { steal: true }, () => void lose());
      if (release) own(release);
    },
    onTakenOver(listener) {
      takenOver = listener;
    },
    release() {
      isOwner = false;
      releaseLock();
      say({ kind: 'released' });
      channel.close();
    },
  };
}
