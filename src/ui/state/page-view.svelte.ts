/** What the reader looks at: the selection, the open pane, the theme. Nothing of it is the cluster's. */
import type { PageParameters } from '../parameters.ts';

/** What the inspector explains. */
export type Selection =
  | { readonly kind: 'machine'; readonly machine: string }
  | { readonly kind: 'component'; readonly machine: string; readonly component: string }
  | { readonly kind: 'pod'; readonly key: string }
  /** Any object of the API, as the dashboard shows it. */
  | { readonly kind: 'object'; readonly plural: string; readonly namespace: string; readonly name: string }
  /** The cluster's shape, what it survives, and a new one. */
  | { readonly kind: 'topology' }
  | { readonly kind: 'faults' }
  /** The hops of a kubectl command. */
  | { readonly kind: 'requests' }
  | { readonly kind: 'differences' };

/** The panes of a narrow screen. */
export type Pane = 'map' | 'terminal' | 'inspector';

/** The cluster runs in another tab: `open`, it did before this one came; `moved`, it was taken from this one. */
export interface Elsewhere {
  readonly why: 'open' | 'moved';
  /** Resolves when this page runs the cluster. */
  takeOver(): Promise<void>;
}

/** Whether two selections mean the same thing. */
export function isSame(a: Selection | undefined, b: Selection): boolean {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b);
}

/** The reader's view of the page. */
export class PageView {
  selection = $state.raw<Selection | undefined>(undefined);
  pane = $state<Pane>('map');
  /** What the stage shows. */
  stage = $state<'map' | 'dashboard'>('map');
  /** The kind the dashboard shows, and of which namespace ('': of all). */
  dashboard = $state.raw<{ readonly plural: string; readonly namespace: string }>({ plural: 'pods', namespace: '' });
  /** The inspector's sheet of a middling screen. */
  isSheetOpen = $state(false);
  isTerminalTall = $state(false);
  theme = $state<PageParameters['theme']>('auto');
  /** Storage is not to be had, or was not asked for. */
  isInMemory = $state(false);
  /** Set while another tab has the cluster; there is no lab here then. */
  elsewhere = $state.raw<Elsewhere | undefined>(undefined);

  select(selection: Selection | undefined): void {
    this.selection = selection;
    if (!selection) return;
    this.isSheetOpen = true;
    this.pane = 'inspector';
  }

  /** Goes to the map or the dashboard. */
  go(stage: 'map' | 'dashboard'): void {
    this.close();
    this.stage = stage;
    this.pane = 'map';
  }

  /** Shows a kind in the dashboard. */
  showKind(plural: string): void {
    this.dashboard = { ...this.dashboard, plural };
  }

  close(): void {
    this.selection = undefined;
    this.isSheetOpen = false;
    if (this.pane === 'inspector') this.pane = 'map';
  }
}
