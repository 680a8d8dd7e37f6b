/** Light, dark, or as the system has it. Sets `data-theme` of the document and tells whoever draws by itself (the terminal). */
import type { PageParameters } from './parameters.ts';

/** Name of the event on the document after the theme has changed. */
export const THEME_CHANGED = 'tabernetes-theme';

/** Follows a choice of theme. Returns the way to stop. */
export function followTheme(theme: PageParameters['theme']): () => void {
  const prefersDark = matchMedia('(prefers-color-scheme: dark)');
  const apply = (): void => {
    document.documentElement.dataset.theme = theme === 'auto' ? (prefersDark.matches ? 'dark' : 'light') : theme;
    document.dispatchEvent(new Event(THEME_CHANGED));
  };
  apply();
  prefersDark.addEventListener('change', apply);
  return () => prefersDark.removeEventListener('change', apply);
}
