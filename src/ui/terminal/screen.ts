/** One xterm.js screen, loaded after first paint: its theme from the page's palette, its size from its panel, its text for the transcript. */
import type { ITheme, Terminal } from '@xterm/xterm';
import { createFrameBatch } from '../state/frame-batch.ts';
import { THEME_CHANGED } from '../theme.ts';
import { meaningOf } from './keys.ts';

const SCROLLBACK_LINES = 5_000;
/** Lines that the transcript shows. */
export const TRANSCRIPT_LINES = 500;

/** A screen in the page. */
export interface Screen {
  readonly size: { readonly columns: number; readonly rows: number };
  /** Resolves when the text is on screen. */
  write(data: string): Promise<void>;
  focus(): void;
  setScreenReaderMode(isOn: boolean): void;
  setReadonly(isReadonly: boolean): void;
  /** The newest lines as plain text, wrapped ones joined. */
  transcript(): string[];
  close(): void;
}

/** What a screen tells its owner. */
export interface ScreenListener {
  onInput(data: string): void;
  onResize(columns: number, rows: number): void;
  onCopyFailed(): void;
}

function themeFrom(element: HTMLElement): ITheme {
  const style = getComputedStyle(element);
  const value = (name: string): string => style.getPropertyValue(name).trim();
  return {
    background: value('--term'),
    foreground: value('--term-ink'),
    cursor: value('--term-ink'),
    cursorAccent: value('--term'),
    selectionBackground: '#3b4a6b',
    black: '#3b4150',
    red: '#f0877b',
    green: '#8fd0ae',
    yellow: '#e3b35a',
    blue: '#7fb4ff',
    magenta: '#d3a1e8',
    cyan: '#79cfd8',
    white: '#d8d6cf',
    brightBlack: '#9aa2b1',
    brightRed: '#ffa99f',
    brightGreen: '#b2e6c9',
    brightYellow: '#f5cf86',
    brightBlue: '#abceff',
    brightMagenta: '#e6c2f5',
    brightCyan: '#a5e6ec',
    brightWhite: '#ffffff',
  };
}

function textOf(terminal: Terminal): string[] {
  const buffer = terminal.buffer.active;
  const lines: string[] = [];
  for (let row = Math.max(0, buffer.length - TRANSCRIPT_LINES); row < buffer.length; row++) {
    const line = buffer.getLine(row);
    if (!line) continue;
    const text = line.translateToString(true);
    if (line.isWrapped && lines.length > 0) lines[lines.length - 1] += text;
    else lines.push(text);
  }
  while (lines.length > 0 && lines[lines.length - 1] === '') lines.pop();
  return lines;
}

/** Keys that mean something to the page come first. */
function attachKeys(terminal: Terminal, listener: ScreenListener): void {
  let wasEscape = false;
  terminal.attachCustomKeyEventHandler((event) => {
    if (event.type !== 'keydown') return true;
    const meaning = meaningOf(event, terminal.hasSelection(), wasEscape);
    if (!['Shift', 'Control', 'Alt', 'Meta'].includes(event.key)) wasEscape = event.key === 'Escape';
    if (meaning.kind === 'terminal') return true;
    if (meaning.kind === 'copy') {
      // Ctrl-Shift-C would open the developer tools.
      event.preventDefault();
      navigator.clipboard?.writeText(terminal.getSelection()).then(() => terminal.clearSelection(), listener.onCopyFailed);
      if (!navigator.clipboard) listener.onCopyFailed();
    } else if (meaning.kind === 'send') {
      event.preventDefault();
      listener.onInput(meaning.data);
    }
    return false;
  });
}

/** Loads the terminal and opens it in an element. */
export async function openScreen(element: HTMLElement, listener: ScreenListener): Promise<Screen> {
  const [{ Terminal }, { FitAddon }] = await Promise.all([
    import('@xterm/xterm'),
    import('@xterm/addon-fit'),
    import('@xterm/xterm/css/xterm.css'),
  ]);
  const terminal = new Terminal({
    fontFamily: getComputedStyle(element).getPropertyValue('--mono'),
    fontSize: 13,
    lineHeight: 1.25,
    cursorBlink: false,
    scrollback: SCROLLBACK_LINES,
    theme: themeFrom(element),
    minimumContrastRatio: 4.5,
    macOptionIsMeta: true,
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(element);
  attachKeys(terminal, listener);
  terminal.onData((data) => listener.onInput(data));
  terminal.onResize(({ cols, rows }) => listener.onResize(cols, rows));
  const resize = createFrameBatch(() => {
    if (element.clientWidth > 0 && element.clientHeight > 0) fit.fit();
  });
  const observer = new ResizeObserver(() => resize.request());
  observer.observe(element);
  const follow = (): void => void (terminal.options.theme = themeFrom(element));
  document.addEventListener(THEME_CHANGED, follow);
  if (element.clientWidth > 0 && element.clientHeight > 0) fit.fit();
  return {
    get size() {
      return { columns: terminal.cols, rows: terminal.rows };
    },
    write: (data) => new Promise((resolve) => terminal.write(data, resolve)),
    focus: () => terminal.focus(),
    setScreenReaderMode: (isOn) => void (terminal.options.screenReaderMode = isOn),
    setReadonly: (isReadonly) => void (terminal.options.disableStdin = isReadonly),
    transcript: () => textOf(terminal),
    close() {
      observer.disconnect();
      resize.cancel();
      document.removeEventListener(THEME_CHANGED, follow);
      terminal.dispose();
    },
  };
}
