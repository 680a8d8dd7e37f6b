/** Points along the paths that link-paths.ts writes, reckoned without the page: asking an element for them would have it laid out anew. Pure. */
import type { Point } from './link-paths.ts';

/** Straight pieces that a bend is taken for. */
const PIECES_OF_A_BEND = 8;

/** The point at `t` (0 to 1) of a Bézier curve, by repeated halving between its control points (de Casteljau). */
function bezier(points: readonly Point[], t: number): Point {
  let left = points;
  while (left.length > 1)
    left = left.slice(1).map((to, at) => ({ x: left[at]!.x + (to.x - left[at]!.x) * t, y: left[at]!.y + (to.y - left[at]!.y) * t }));
  return left[0]!;
}

/** The corners of a path of absolute M, H, V, L, Q and C commands. */
function cornersOf(path: string): Point[] {
  const corners: Point[] = [];
  for (const [, command, rest = ''] of path.matchAll(/([MHVLQC])([^MHVLQC]*)/g)) {
    const numbers = rest.trim().split(/[ ,]+/).map(Number);
    const from = corners.at(-1) ?? { x: 0, y: 0 };
    if (command === 'H') corners.push({ x: numbers[0]!, y: from.y });
    else if (command === 'V') corners.push({ x: from.x, y: numbers[0]! });
    else {
      const given = numbers.flatMap((x, at) => (at % 2 === 0 ? [{ x, y: numbers[at + 1]! }] : []));
      if (given.length === 1) corners.push(given[0]!);
      else for (let piece = 1; piece <= PIECES_OF_A_BEND; piece++) corners.push(bezier([from, ...given], piece / PIECES_OF_A_BEND));
    }
  }
  return corners;
}

/** `steps` + 1 points along a path, from its beginning to its end, equally far apart. */
export function pointsAlong(path: string, steps: number): Point[] {
  const corners = cornersOf(path);
  const lengths = corners.slice(1).map((to, at) => Math.hypot(to.x - corners[at]!.x, to.y - corners[at]!.y));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const points: Point[] = [];
  let at = 0;
  let before = 0;
  for (let step = 0; step <= steps; step++) {
    const wanted = (total * step) / steps;
    while (at < lengths.length - 1 && before + lengths[at]! < wanted) before += lengths[at++]!;
    const [from, to] = [corners[at]!, corners[at + 1] ?? corners[at]!];
    const share = lengths[at] ? Math.min(1, (wanted - before) / lengths[at]!) : 0;
    points.push({ x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share });
  }
  return points;
}
