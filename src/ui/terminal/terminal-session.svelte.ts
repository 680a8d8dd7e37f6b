/** One shell of the workstation on one screen: opened when both are there, ended with its machine, opened again on request. */
import type { Lab, TerminalSession as LabTerminal } from '#lab';
import { createFrameBatch } from '../state/frame-batch.ts';
import { withControl } from './keys.ts';
import { openScreen, type Screen } from './screen.ts';

/** A tab's shell. */
export class ShellSession {
  /** loading: no screen yet; waiting: no shell yet; open; ended: by exit or with its machine; failed: could not be opened. */
  state = $state<'loading' | 'waiting' | 'open' | 'ended' | 'failed'>('loading');
  problem = $state('');
  lines = $state.raw<readonly string[]>([]);
  /** The helper row's Ctrl waits for its letter. */
  isControlHeld = $state(false);
  #screen: Screen | undefined;
  #terminal: LabTerminal | undefined;
  #isClosed = false;
  #isRead = false;
  /** Counts openings: what an older shell still says is nobody's business. */
  #opening = 0;
  readonly #batch = createFrameBatch(() => {
    if (this.#isRead && this.#screen) this.lines = this.#screen.transcript();
  });

  /** Makes the screen. */
  async load(element: HTMLElement, onCopyFailed: () => void): Promise<void> {
    try {
      const screen = await openScreen(element, {
        onInput: (data) => this.type(data),
        onResize: (columns, rows) => this.#terminal?.resize(columns, rows),
        onCopyFailed,
      });
      if (this.#isClosed) return screen.close();
      this.#screen = screen;
      this.state = 'waiting';
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Opens a shell in it. */
  async open(lab: Lab, isReadonly: boolean): Promise<void> {
    const screen = this.#screen;
    if (!screen || this.state === 'open') return;
    const opening = ++this.#opening;
    this.state = 'open';
    this.problem = '';
    screen.setReadonly(isReadonly);
    // A new shell begins on a line of its own.
    if (opening > 1) await screen.write('\r\n');
    const show = async (data: string): Promise<void> => {
      if (this.#isClosed || opening !== this.#opening) return;
      await screen.write(data);
      this.#batch.request();
    };
    try {
      const terminal = await lab.terminal(screen.size, show, (exitCode) =>
        this.end(`The shell has ended with exit code ${exitCode}.`, opening),
      );
      if (this.#isClosed || opening !== this.#opening) return terminal.close();
      this.#terminal = terminal;
      terminal.resize(screen.size.columns, screen.size.rows);
    } catch (error) {
      if (opening === this.#opening) this.#fail(error);
    }
  }

  /** The shell is gone: by itself, or with the workstation. */
  end(reason: string, opening = this.#opening): void {
    if (opening !== this.#opening || this.state !== 'open') return;
    this.#opening++;
    this.#terminal = undefined;
    this.state = 'ended';
    this.problem = reason;
  }

  /** Letters from keyboard, helper row or transcript. */
  type(data: string): void {
    const held = this.isControlHeld;
    this.isControlHeld = false;
    this.#terminal?.write(held ? withControl(data) : data);
  }

  /** Whether a shell takes letters now. */
  get isTyping(): boolean {
    return this.#terminal !== undefined;
  }

  focus(): void {
    this.#screen?.focus();
  }

  setScreenReaderMode(isOn: boolean): void {
    this.#screen?.setScreenReaderMode(isOn);
  }

  /** The transcript is looked at, or no longer. */
  read(isRead: boolean): void {
    this.#isRead = isRead;
    if (isRead) this.#batch.request();
  }

  close(): void {
    this.#isClosed = true;
    this.#batch.cancel();
    this.#terminal?.close();
    this.#screen?.close();
  }

  #fail(error: unknown): void {
    this.state = 'failed';
    this.problem = error instanceof Error ? error.message : String(error);
  }
}
