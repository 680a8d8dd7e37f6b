/**
 * Copy, paste and the ways out of a terminal, as people know them from Linux terminals in a browser. Pure: says what a key means;
 * the terminal does it. Esc then Tab, Shift-Tab and F6 always leave; nothing that runs in the terminal can take them.
 */

/** The part of a KeyboardEvent that is looked at. */
export interface Key {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
}

/**
 * terminal: the program gets it; copy: the selection goes to the clipboard; browser: the browser does what it always does with it
 * (paste, moving the focus); send: these letters go to the program instead.
 */
export type KeyMeaning = { readonly kind: 'terminal' | 'copy' | 'browser' } | { readonly kind: 'send'; readonly data: string };

/** What a key pressed in the terminal means. `wasEscape`: the key before it was Escape. */
export function meaningOf({ key, ctrlKey, shiftKey, altKey, metaKey }: Key, hasSelection: boolean, wasEscape: boolean): KeyMeaning {
  const letter = key.toLowerCase();
  if (key === 'F6') return { kind: 'browser' };
  if (key === 'Tab') return { kind: shiftKey || wasEscape ? 'browser' : 'terminal' };
  if (key === 'Insert' && ctrlKey) return { kind: 'copy' };
  if (key === 'Insert' && shiftKey) return { kind: 'browser' };
  if (ctrlKey && shiftKey && letter === 'c') return { kind: 'copy' };
  if (ctrlKey && shiftKey && letter === 'v') return { kind: 'browser' };
  if (metaKey && !ctrlKey && letter === 'c') return { kind: hasSelection ? 'copy' : 'browser' };
  if (metaKey && !ctrlKey && letter === 'v') return { kind: 'browser' };
  if (ctrlKey && !altKey && letter === 'c' && hasSelection) return { kind: 'copy' };
  if (ctrlKey && !altKey && letter === 'v') return { kind: 'browser' };
  // Ctrl-W closes the browser's tab and cannot be caught: a word is deleted by Ctrl-Alt-W or Esc Backspace.
  if (ctrlKey && altKey && letter === 'w') return { kind: 'send', data: '\u0017' };
  return { kind: 'terminal' };
}

/** What Ctrl makes of a letter typed after the helper row's Ctrl. */
export function withControl(data: string): string {
  const code = data.toUpperCase().charCodeAt(0);
  return data.length === 1 && code >= 0x40 && code <= 0x5f ? String.fromCharCode(code & 0x1f) : data;
}

/** Keys of the helper row for screens without a keyboard: its label, its name, what it sends. */
export const HELPER_KEYS = [
  { label: 'Tab', name: 'Tab', data: '\t' },
  { label: 'Esc', name: 'Esc', data: '\u001b' },
  { label: '←', name: 'Left', data: '\u001b[D' },
  { label: '↑', name: 'Up', data: '\u001b[A' },
  { label: '↓', name: 'Down', data: '\u001b[B' },
  { label: '→', name: 'Right', data: '\u001b[C' },
  { label: '|', name: 'Pipe', data: '|' },
  { label: '/', name: 'Slash', data: '/' },
  { label: '-', name: 'Hyphen', data: '-' },
] as const;
