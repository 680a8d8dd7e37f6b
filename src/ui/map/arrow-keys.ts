/** Arrow keys on the map: the focus moves to the nearest thing in that direction. Tab goes on in reading order. */

const DIRECTIONS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};
/** How much more a step aside weighs than a step ahead. */
const ASIDE_WEIGHT = 2.5;

const middle = (element: Element): readonly [number, number] => {
  const { left, top, width, height } = element.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
};

/** For `keydown` of the map's surface. */
export function moveByArrow(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const direction = DIRECTIONS[event.key];
  const from = event.target;
  if (!direction || !(from instanceof HTMLButtonElement) || event.ctrlKey || event.altKey || event.metaKey) return;
  const [x, y] = middle(from);
  let nearest: HTMLButtonElement | undefined;
  let least = Infinity;
  for (const button of event.currentTarget.querySelectorAll('button')) {
    if (button === from || button.disabled) continue;
    const [otherX, otherY] = middle(button);
    const ahead = (otherX - x) * direction[0] + (otherY - y) * direction[1];
    const aside = Math.abs((otherX - x) * direction[1]) + Math.abs((otherY - y) * direction[0]);
    const distance = ahead + aside * ASIDE_WEIGHT;
    if (ahead > 4 && distance < least) [nearest, least] = [button, distance];
  }
  if (!nearest) return;
  event.preventDefault();
  nearest.focus();
}
