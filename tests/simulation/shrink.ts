// Makes a failing run smaller: which of its faults are really needed. After Zeller's delta debugging.

/**
 * The smallest list of faults (by their place) that was found to fail still, none of which may be left out alone.
 * `fails` runs with those faults only; at most `limit` runs.
 */
export async function shrink(count: number, fails: (keep: readonly number[]) => Promise<boolean>, limit = 200): Promise<number[]> {
  let kept = Array.from({ length: count }, (_, at) => at);
  let runs = 0;
  for (let size = Math.ceil(kept.length / 2); size >= 1 && runs < limit;) {
    let hasShrunk = false;
    for (let from = 0; from < kept.length && runs < limit;) {
      const fewer = [...kept.slice(0, from), ...kept.slice(from + size)];
      runs++;
      if (await fails(fewer)) {
        kept = fewer;
        hasShrunk = true;
      } else {
        from += size;
      }
    }
    if (size > 1) size = Math.ceil(size / 2);
    else if (!hasShrunk) break;
  }
  return kept;
}
