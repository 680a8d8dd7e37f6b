/** The open terminals of the workstation: their order, which one is shown, and lines that wait to be typed into the first. */

/** One tab. */
export interface TerminalTab {
  readonly id: number;
  readonly title: string;
}

/** More tabs than these help nobody. */
export const TERMINALS_MAX = 6;

/** The tabs of the terminal panel. */
export class Terminals {
  tabs = $state.raw<readonly TerminalTab[]>([{ id: 1, title: 'workstation' }]);
  shown = $state(1);
  /** Lines to type into the first terminal once there is one; taken by it. */
  waitingLines = $state.raw<readonly string[]>([]);
  isTranscript = $state(false);
  isScreenReaderMode = $state(false);
  #ids = 1;

  add(): void {
    if (this.tabs.length >= TERMINALS_MAX) return;
    const id = ++this.#ids;
    this.tabs = [...this.tabs, { id, title: `workstation ${id}` }];
    this.shown = id;
  }

  /** Closes a tab; the last one stays. */
  close(id: number): void {
    if (this.tabs.length === 1) return;
    const index = this.tabs.findIndex((tab) => tab.id === id);
    this.tabs = this.tabs.filter((tab) => tab.id !== id);
    if (this.shown === id) this.shown = this.tabs[Math.max(0, index - 1)]?.id ?? 0;
  }

  /** Hands out the lines that wait, once. */
  takeLines(): readonly string[] {
    const lines = this.waitingLines;
    this.waitingLines = [];
    return lines;
  }
}
