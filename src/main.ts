/** Starts the page: paints it first, then builds the data centre of workers, and gives the lab to the page and to `window.lab`. */
import { attachBridge } from '#bridge';
import type { Ownership, WorkerEntry } from '#host/browser';
import type { Lab, LabStore, StoredLab } from '#lab';
import { FIRST_CLUSTER, mountPage, readParameters, type PageParameters } from '#ui';

declare global {
  interface Window {
    /** The lab of this page; there once its machines begin to boot. */
    lab: Lab;
  }
}

/** A boot takes some twenty seconds of the lab's time and few of ours; after it the lab's clock is still a little behind ours. */
const HEAD_START_MS = 60_000;

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

async function buildLab(parameters: PageParameters, page: Page): Promise<Lab> {
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
    spec: { ...FIRST_CLUSTER, ...parameters.spec },
    dataCentre: createBrowserDataCentre({ startWorker }),
    store: store ?? memoryStore(),
    cluster: parameters.cluster,
    version: Object.values(import.meta.glob<string>('/package.json', { eager: true, import: 'version' }))[0] ?? '',
    storage: store ? 'indexeddb' : 'memory',
    // eslint-disable-next-line no-restricted-syntax -- the page is where the lab's wall clock starts from
    realWallMs: () => Date.now(),
    assets: { explain: new URL('./api/schema/descriptions.json', import.meta.url).href },
    headStartMs: HEAD_START_MS,
    fetchThrough: labFetch,
    rate: parameters.speed,
  });
}

type Page = ReturnType<typeof mountPage>;

const parameters = readParameters(location.search);
const target = document.getElementById('page');
if (!target) throw new Error('index.html has no element "page"');
const place = target;

async function openLab(page: Page): Promise<Lab> {
  const lab = await buildLab(parameters, page);
  window.lab = lab;
  page.attach(lab);
  if (parameters.bridge)
    attachBridge(lab, ({ state, detail }) => {
      if (state !== 'connecting') page.notify(`Bridge: ${detail}`);
    });
  return lab;
}

/** Opens the lab as the owner of its stored cluster; when another tab takes that over, the machines end and the page says so. */
async function openOwned(page: Page, ownership: Ownership): Promise<void> {
  if (!ownership.hasLocks)
    page.notify(
      'This address is not a secure one, so the browser keeps no lock between tabs: do not open the same cluster in two of them.',
    );
  const opening = openLab(page);
  ownership.onTakenOver(async () => {
    // A lab that could not be opened has nothing to close; the page has told of it.
    await opening.then(
      (lab) => lab.close(),
      () => undefined,
    );
    page.close();
    Reflect.deleteProperty(window, 'lab');
    offerToTakeOver(mountPage(place, parameters), ownership, 'moved');
  });
  await opening;
}

function offerToTakeOver(page: Page, ownership: Ownership, why: 'open' | 'moved'): void {
  page.runsElsewhere({
    why,
    async takeOver() {
      await ownership.takeOver();
      page.runsElsewhere(undefined);
      begin(page, openOwned(page, ownership));
    },
  });
}

/** A cluster that is not kept belongs to its tab; a stored one to the tab that claims it. */
async function open(page: Page): Promise<void> {
  if (parameters.ephemeral) return void (await openLab(page));
  const { claimCluster } = await import('#host/browser').then(({ claimCluster }) => ({ claimCluster }));
  const ownership = await claimCluster(parameters.cluster);
  if (ownership.isOwner) await openOwned(page, ownership);
  else offerToTakeOver(page, ownership, 'open');
}

function begin(page: Page, opening: Promise<void>): void {
  opening.catch((error: unknown) => page.fail(error));
}

// A page that the browser kept aside and brings back has lost its claim and its workers' connections.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload();
});
const page = mountPage(place, parameters);
begin(page, open(page));
