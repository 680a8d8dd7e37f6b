/** The front door of the page: reads the address, puts the page on screen, and shows a lab once there is one. */
import { mount, unmount } from 'svelte';
import type { Lab } from '#lab';
import Page from './page.svelte';
import { memberMachines } from './failover-story.ts';
import { machineOfRole } from './map/machine-rows.ts';
import type { PageParameters } from './parameters.ts';
import { LabView } from './state/lab-view.svelte.ts';
import { PageView, type Elsewhere } from './state/page-view.svelte.ts';
import { Messages } from './state/messages.svelte.ts';
import { RequestTrace } from './state/request-trace.svelte.ts';
import { Terminals } from './state/terminals.svelte.ts';

export type { Elsewhere } from './state/page-view.svelte.ts';
export { FIRST_CLUSTER, readParameters, type PageParameters, type Panel } from './parameters.ts';

/** A page on screen. */
export interface MountedPage {
  /** Shows this lab. Applies the parameters that wait for it: speed, pause, lines to run. */
  attach(lab: Lab): void;
  /** Says that no lab could be made, and why. */
  fail(error: unknown): void;
  /** Says something at the top until the reader puts it away. */
  notify(text: string): void;
  /** Says for good that nothing is kept after the tab closes. */
  runsFromMemory(reason: string): void;
  /** Says that another tab has the cluster, and offers to take it over; undefined when that has ended. */
  runsElsewhere(elsewhere: Elsewhere | undefined): void;
  /** Takes the page off the screen. The lab goes on. */
  close(): void;
}

/** Puts the page into `target` (emptied first), before there is a lab; what it shows then says so. */
export function mountPage(target: HTMLElement, parameters: PageParameters): MountedPage {
  const lab = new LabView();
  const page = new PageView();
  const trace = new RequestTrace(lab.batched);
  const messages = new Messages(lab.batched);
  const terminals = new Terminals();
  page.theme = parameters.theme;
  const { panels } = parameters;
  page.stage = panels.includes('dashboard') && !panels.includes('map') ? 'dashboard' : 'map';
  page.pane = panels.includes('map') || page.stage === 'dashboard' ? 'map' : 'terminal';
  for (const notice of parameters.notices) lab.notify(notice);
  messages.isWanted = () => panels.includes('map') && lab.phase !== 'booting';
  const ends: (() => void)[] = [];
  target.replaceChildren();
  const component = mount(Page, { target, props: { views: { lab, page, trace, messages, terminals, parameters } } });
  return {
    attach(attached) {
      ends.push(
        trace.attach(attached, () => machineOfRole(lab.machines.values(), 'load-balancer')?.name),
        messages.attach(attached, lab.machines, () => memberMachines(lab.machines).map(({ name }) => name)),
      );
      lab.attach(attached);
      tellOfOtherShape(attached, lab, parameters);
      void applyWhenReady(attached, lab, terminals, parameters);
    },
    fail: (error) => lab.fail(error),
    notify: (text) => lab.notify(text),
    runsFromMemory(reason) {
      page.isInMemory = true;
      lab.notify(reason);
    },
    runsElsewhere(elsewhere) {
      page.elsewhere = elsewhere;
    },
    close() {
      lab.detach();
      for (const end of ends) end();
      void unmount(component);
    },
  };
}

/** A stored cluster keeps its shape, whatever the address asks for; that must not go unsaid. */
function tellOfOtherShape(lab: Lab, view: LabView, { spec, cluster }: PageParameters): void {
  const other = Object.entries(spec).filter(
    ([name, value]) => JSON.stringify(lab.spec[name as keyof Lab['spec']]) !== JSON.stringify(value),
  );
  if (other.length === 0) return;
  const asked = other.map(([name, value]) => `${name}=${String(value)}`).join(', ');
  view.notify(
    `The stored cluster "${cluster}" keeps its own shape, so ${asked} in the address changes nothing. Name another cluster (cluster=…) to get one.`,
  );
}

/** Speed, pause and lines wait until the cluster of the first boot is ready: a boot that was paused would never end. */
async function applyWhenReady(lab: Lab, view: LabView, terminals: Terminals, parameters: PageParameters): Promise<void> {
  const isReady = await lab.ready.then(
    () => true,
    () => false,
  );
  // The page says by itself what keeps the cluster from being ready.
  if (!isReady) return;
  try {
    if (parameters.paused) await lab.time.setRate(0);
    else if (parameters.speed !== lab.time.rate) await lab.time.setRate(parameters.speed);
    if (parameters.panels.includes('terminal')) terminals.waitingLines = parameters.run;
    else for (const line of parameters.run) await lab.run(line);
  } catch (error) {
    view.notify(`What the address asks for could not be done: ${error instanceof Error ? error.message : String(error)}`, 'bad');
  }
}
