/** Starts the page: paints it first, then builds the data centre of workers, and gives the lab to the page and to `window.lab`. */
import { attachBridge } from '#bridge';
import type { WorkerEntry } from '#host/browser';
import type { Lab, LabStore, StoredLab } from '#lab';
import { mountPage, readParameters, type PageParameters } from '#ui';

declare global {
  interface Window {
    /** The lab of this page; there once its machines begin to boot. */
    lab: Lab;
  }
}

/** The database of what the data centre itself remembers, beside those of its machines. */
const DATA_CENTRE = 'data-centre';

/** The expressions are written out because the build finds workers by them. */
function startWorker(entry: WorkerEntry, name: string): Worker {
  switch (entry) {
    case 'machine':
      return new Worker(new URL('../workers/machine.ts', import.meta.url), { type: 'module', name });
    case 'node':
      return new Worker(new URL('../workers/node.ts', import.meta.url), { type: 'module', name });
    case 'workstation':
      return new Worker(new URL('../workers/workstation.ts', import.meta.url), { type: 'module', name });
    case 'clock':
      return new Worker(new URL('../workers/clock.ts', import.meta.url), { type: 'module', name });
  }
}

/** The store of a cluster in IndexedDB. Rejects where storage is denied. */
async function openStore(cluster: string, onLost: (reason: string) => void): Promise<LabStore> {
  const { openIndexedDbDisk } = await import('#host/browser');
  const records = (await openIndexedDbDisk(cluster, DATA_CENTRE, onLost)).records('lab');
  return {
    async load() {
      const kept = await records.get('state');
      return kept === undefined ? undefined : (JSON.parse(kept) as StoredLab);
    },
    save: (stored) => records.put({ state: JSON.stringify(stored) }),
  };
}

async function buildLab(parameters: PageParameters, page: ReturnType<typeof mountPage>): Promise<Lab> {
  // Each asks for what it uses, so that the page does not fetch what only machines need of the same folder.
  const [{ createLab, memoryStore }, { labFetch }, { createBrowserDataCentre }] = await Promise.all([
    import('#lab').then(({ createLab, memoryStore }) => ({ createLab, memoryStore })),
    import('#lab/fetch').then(({ labFetch }) => ({ labFetch })),
    import('#host/browser').then(({ createBrowserDataCentre }) => ({ createBrowserDataCentre })),
  ]);
  let store: LabStore | undefined;
  if (parameters.ephemeral) page.runsFromMemory('The address asks for a cluster that is not kept: it ends with this tab.');
  else {
    try {
      store = await openStore(parameters.cluster, (reason) => page.notify(reason));
    } catch (error) {
      page.runsFromMemory(
        `The browser denies storage (${error instanceof Error ? error.message : String(error)}): the cluster runs from memory and ends with this tab.`,
      );
    }
  }
  return createLab({
    spec: parameters.spec,
    dataCentre: createBrowserDataCentre({ startWorker }),
    store: store ?? memoryStore(),
    cluster: parameters.cluster,
    version: Object.values(import.meta.glob<string>('/package.json', { eager: true, import: 'version' }))[0] ?? '',
    storage: store ? 'indexeddb' : 'memory',
    // eslint-disable-next-line no-restricted-syntax -- the page is where the lab's wall clock starts from
    realWallMs: () => Date.now(),
    fetchThrough: labFetch,
    rate: parameters.speed,
  });
}

const parameters = readParameters(location.search);
const target = document.getElementById('page');
if (!target) throw new Error('index.html has no element "page"');
const page = mountPage(target, parameters);
buildLab(parameters, page).then(
  (lab) => {
    window.lab = lab;
    page.attach(lab);
    if (!parameters.bridge) return;
    attachBridge(lab, ({ state, detail }) => {
      if (state !== 'connecting') page.notify(`Bridge: ${detail}`);
    });
  },
  (error: unknown) => page.fail(error),
);
