/** Where things stand on the map, measured when their size or place changes and at no other time. */
import { SvelteMap } from 'svelte/reactivity';
import type { Attachment } from 'svelte/attachments';
import { createFrameBatch } from '../state/frame-batch.ts';
import type { Box } from './link-paths.ts';

/** Measures elements against one surface. */
export class Boxes {
  readonly boxes = new SvelteMap<string, Box>();
  #surface: HTMLElement | undefined;
  #elements: readonly { readonly name: string; readonly element: HTMLElement }[] = [];
  /** In a task after the frame that moved things: its layout is there to be read, and what follows is drawn by the next one. */
  readonly #batch = createFrameBatch(
    () => this.#measure(),
    // eslint-disable-next-line no-restricted-globals -- the page's own time
    (callback) => setTimeout(callback) as unknown as number,
    // eslint-disable-next-line no-restricted-globals -- the page's own time
    (handle) => clearTimeout(handle),
  );
  readonly #observer = new ResizeObserver(() => this.#batch.request());

  /** The element that the boxes are measured against. */
  readonly surface: Attachment<HTMLElement> = (element) => {
    this.#surface = element;
    this.#observer.observe(element);
    return () => {
      this.#observer.disconnect();
      this.#batch.cancel();
    };
  };

  /** An element whose box is wanted under `name`. */
  box(name: string): Attachment<HTMLElement> {
    return (element) => {
      const measured = { name, element };
      this.#elements = [...this.#elements, measured];
      this.#observer.observe(element);
      return () => {
        this.#observer.unobserve(element);
        this.#elements = this.#elements.filter((each) => each !== measured);
        this.#batch.request();
      };
    };
  }

  #measure(): void {
    if (!this.#surface) return;
    const origin = this.#surface.getBoundingClientRect();
    for (const name of this.boxes.keys()) if (!this.#elements.some((each) => each.name === name)) this.boxes.delete(name);
    for (const { name, element } of this.#elements) {
      const { left, top, width, height } = element.getBoundingClientRect();
      const box = { x: left - origin.left, y: top - origin.top, width, height };
      const old = this.boxes.get(name);
      if (!old || old.x !== box.x || old.y !== box.y || old.width !== box.width || old.height !== box.height) this.boxes.set(name, box);
    }
  }
}
