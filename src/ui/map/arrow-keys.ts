/** Arrow keys on the map: the focus moves to the nearest thing in that direction. Tab goes on in reading order. */

const DIRECTIONS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** How much more a step aside weighs than a step ahead. */
const ASIDE_WEIGHT = 2.5;

/** How far one stretch lies ahead of another: between their middles, so that what overlaps has an order too. */
const between = (from: number, fromSize: number, to: number, toSize: number): number => to + toSize / 2 - (from + fromSize / 2);
/** How far two stretches lie apart; 0 where they overlap. */
const gap = (from: number, fromSize: number, to: number, toSize: number): number =>
  Math.max(0, to - (from + fromSize), from - (to + toSize));

/** For `keydown` of the map's surface. */
export function moveByArrow(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const direction = DIRECTIONS[event.key];
  const from = event.target;
  if (!direction || !(from instanceof HTMLButtonElement) || event.ctrlKey || event.altKey || event.metaKey) return;
  const here = from.getBoundingClientRect();
  const [stepX, stepY] = direction;
  let nearest: HTMLButtonElement | undefined;
  let least = Infinity;
  for (const button of event.currentTarget.querySelectorAll('button')) {
    if (button === from || button.disabled) continue;
    const there = button.getBoundingClientRect();
    const ahead = between(here.x, here.width, there.x, there.width) * stepX + between(here.y, here.height, there.y, there.height) * stepY;
    const aside = stepX === 0 ? gap(here.x, here.width, there.x, there.width) : gap(here.y, here.height, there.y, there.height);
    const distance = ahead + aside * ASIDE_WEIGHT;
    if (ahead > 4 && distance < least) [nearest, least] = [button, distance];
  }
  if (!nearest) return;
  event.preventDefault();
  nearest.focus();
}
