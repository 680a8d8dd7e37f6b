/** Completion indexes of Indexed jobs: sets of them as text (`0-3,5`), which pod has which, and which are to run next. Pure. */
import type { Job, Pod } from '#api';
import { maybeParseTime } from '#apimachinery';

/** Annotation and label with a pod's index. */
export const COMPLETION_INDEX = 'batch.kubernetes.io/job-completion-index';

/** Reads `0-3,5,7-8`; what is no range is left out, as are indexes from `below` on. */
export function parseIndexes(text: string | undefined, below: number): Set<number> {
  const indexes = new Set<number>();
  for (const range of (text ?? '').split(',')) {
    const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    if (first === undefined) continue;
    for (let index = Number(first); index <= Number(last ?? first) && index < below; index++) indexes.add(index);
  }
  return indexes;
}

/** Writes a set: runs of three and more as a range. */
export function formatIndexes(indexes: ReadonlySet<number>): string {
  const ranges: { first: number; last: number }[] = [];
  for (const index of [...indexes].sort((a, b) => a - b)) {
    const open = ranges.at(-1);
    if (open?.last === index - 1) open.last = index;
    else ranges.push({ first: index, last: index });
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}${last === first + 1 ? ',' : '-'}${last}`)).join(',');
}

/** Whether every completion of the job is one of its own. */
export const isIndexed = (job: Job): boolean => job.spec?.completionMode === 'Indexed';

/** A pod's index; undefined where it has none. */
export function indexOf(pod: Pod): number | undefined {
  const text = pod.metadata.annotations?.[COMPLETION_INDEX];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The smallest `count` indexes below `completions` that are not in `taken`. */
export function nextIndexes(count: number, completions: number, taken: ReadonlySet<number>): number[] {
  const next: number[] = [];
  for (let index = 0; index < completions && next.length < count; index++) if (!taken.has(index)) next.push(index);
  return next;
}

const madeMs = (pod: Pod): number => maybeParseTime(pod.metadata.creationTimestamp) ?? 0;

/** Active pods that have nothing to do: without an index, of an index that is over, or beside another pod of the same. */
export function surplusPods(active: readonly Pod[], completions: number, over: ReadonlySet<number>): Pod[] {
  const seen = new Set<number>();
  return [...active]
    .sort((a, b) => madeMs(a) - madeMs(b))
    .filter((pod) => {
      const index = indexOf(pod);
      if (index === undefined || index >= completions || over.has(index) || seen.has(index)) return true;
      seen.add(index);
      return false;
    });
}
