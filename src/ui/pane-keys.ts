/** F6 and Shift-F6 go round the panes, as in desktop programs; it is also a way out of the terminal that no program can take. */

/** Marks a pane: the element that gets the focus. */
const PANE = '[data-pane]';

/** Moves the focus to the next visible pane. For `keydown` of the window. */
export function followPaneKeys(event: KeyboardEvent): void {
  if (event.key !== 'F6' || event.ctrlKey || event.altKey || event.metaKey) return;
  const panes = [...document.querySelectorAll<HTMLElement>(PANE)].filter((pane) => pane.getClientRects().length > 0);
  if (panes.length === 0) return;
  event.preventDefault();
  const present = panes.findIndex((pane) => pane.contains(document.activeElement));
  const step = event.shiftKey ? -1 : 1;
  const next = panes[(present + step + panes.length) % panes.length] ?? panes[0];
  const inside = next?.querySelector<HTMLElement>('[data-pane-focus], textarea, button:not(:disabled), a[href], select');
  (inside ?? next)?.focus();
}
