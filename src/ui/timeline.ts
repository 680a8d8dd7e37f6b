/** What happened in the last minutes, placed on the lanes of the time bar's strip. Pure. */

/** Lanes from top to bottom. */
export const LANES = ['election', 'component', 'fault'] as const;
/** election: a leader of etcd or a holder of a lease changed; component: one changed its state; fault: power, links, disks. */
export type Lane = (typeof LANES)[number];

/** Something that is told, and where it belongs. */
export interface Told {
  readonly lane: Lane;
  readonly text: string;
}

/** How far back the strip looks, lab milliseconds. */
export const SPAN_MS = 5 * 60_000;

/** Where something of a lab wall clock stands on the strip: 0 at its beginning, 1 now. Undefined where it is not on it. */
export function placeOf(wallMs: number, nowMs: number): number | undefined {
  const ageMs = nowMs - wallMs;
  return ageMs < 0 || ageMs > SPAN_MS ? undefined : 1 - ageMs / SPAN_MS;
}

/** What faults came and went, by the words that two looks at them were told in. */
export function faultChanges(before: readonly string[], after: readonly string[]): readonly Told[] {
  return [
    ...after.filter((text) => !before.includes(text)).map((text) => ({ lane: 'fault' as const, text })),
    ...before.filter((text) => !after.includes(text)).map((text) => ({ lane: 'fault' as const, text: `no longer: ${text}` })),
  ];
}
