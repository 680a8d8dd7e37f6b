/** What every component of one page shares, handed down by Svelte's context, so that two labs can live side by side. */
import { createContext } from 'svelte';
import type { PageParameters } from './parameters.ts';
import type { LabView } from './state/lab-view.svelte.ts';
import type { Messages } from './state/messages.svelte.ts';
import type { PageView } from './state/page-view.svelte.ts';
import type { RequestTrace } from './state/request-trace.svelte.ts';
import type { Terminals } from './state/terminals.svelte.ts';

/** The views of one page. */
export interface Views {
  readonly lab: LabView;
  readonly page: PageView;
  readonly trace: RequestTrace;
  readonly messages: Messages;
  readonly terminals: Terminals;
  readonly parameters: PageParameters;
}

/** Reads and sets the views of the component tree one stands in. */
export const [getViews, setViews] = createContext<Views>();
