/** Keeps the end of what grows in sight, unless the reader has scrolled up. */
import type { Attachment } from 'svelte/attachments';

/** Distance from the end that still counts as being there. */
const NEAR_END_PX = 24;

/** For an element that scrolls; `content` is read so that it runs again when that changes. */
export function followEnd(content: () => unknown): Attachment<HTMLElement> {
  let isAtEnd = true;
  return (element) => {
    const look = (): void => {
      isAtEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END_PX;
    };
    element.addEventListener('scroll', look, { passive: true });
    $effect(() => {
      void content();
      if (isAtEnd) element.scrollTop = element.scrollHeight;
    });
    return () => element.removeEventListener('scroll', look);
  };
}
