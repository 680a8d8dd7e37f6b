/** The built lab in a real Chromium, driven from Node through `window.lab`: what page tests and benchmarks open, ask and break. */
import type { BrowserContext, Page } from 'playwright';
import type { Lab, MachineInfo, RunOutput } from '#lab';
import { killBrowser } from './browser-processes.ts';
import type { ServedFile } from '../../scripts/static-server.mjs';
import { collectErrors, createProfile, type LaunchOptions, type Profile } from './chromium.ts';
import { serveLab } from './serve.ts';

declare global {
  /** The lab of the page that a function is evaluated in. */
  var lab: Lab;
}

/** The address of the smallest cluster: one control plane, one worker. */
export const SMALL = '?controlPlanes=1&workers=1';

/** How long anything may take that nobody measures; a bound for what hangs, not a figure. */
export const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 50;

/** `promise`, or a rejection that names what was waited for. */
export function within<T>(promise: Promise<T>, what: string, limitMs = PATIENCE_MS): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what}: not within ${limitMs} ms`)), limitMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Looks until `look` gives something true, and gives that. */
export async function until<T>(what: string, look: () => Promise<T> | T, limitMs = PATIENCE_MS): Promise<NonNullable<T>> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    const seen = await within(Promise.resolve(look()), what, limitMs);
    if (seen) return seen as NonNullable<T>;
    if (performance.now() > endMs) throw new Error(`${what}: not within ${limitMs} ms; last seen: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** An object of the API as tests look at it. */
export interface Seen {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read fields of any kind
  readonly spec?: any;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests read fields of any kind
  readonly status?: any;
}

/** A browser with the lab open in it, on a profile that outlives both. */
export interface LabPage {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly profile: Profile;
  readonly url: string;
  /** Every file the server has sent, with the bytes it took. */
  readonly served: readonly ServedFile[];
  /** Uncaught errors and printed ones of the page that is open now. */
  readonly errors: readonly string[];
  /** Resolves when `lab.ready` has; rejects with its reason. */
  ready(): Promise<void>;
  run(line: string, options?: { readonly stdin?: string; readonly session?: string; readonly limitMs?: number }): Promise<RunOutput>;
  /** A line that must succeed; gives its standard output. */
  sh(line: string, stdin?: string): Promise<string>;
  /** The API object at a path; undefined where there is none or no answer. */
  read(path: string): Promise<Seen | undefined>;
  machine(name: string): Promise<MachineInfo>;
  /** Opens the lab in the page there is, or in another one if that has crashed. */
  open(query?: string): Promise<void>;
  /** As F5. */
  reload(): Promise<void>;
  /** The renderer dies, with every worker; nothing of the page runs again. */
  crash(): Promise<void>;
  /** Every process of the browser is killed. */
  kill(): Promise<void>;
  /** Starts a browser on the same profile after `kill` or `quit`; it does not open the lab. */
  launch(options?: LaunchOptions): Promise<void>;
  quit(): Promise<void>;
  /** Ends everything and deletes the profile. */
  close(): Promise<void>;
}

/** The page, opened, and `window.lab` there (`lab` is also the id of an element until then). */
async function waitForLab(page: Page): Promise<void> {
  await page.waitForFunction(() => typeof window.lab?.run === 'function', undefined, { timeout: PATIENCE_MS });
}

/** Opens the built lab from a sub-path in a new profile. With `query` null only the browser is started. */
export async function openLab(query: string | null = SMALL, options: LaunchOptions = {}): Promise<LabPage> {
  const server = await serveLab();
  const profile = await createProfile();
  let { context, page } = await profile.launch(options);
  let errors = collectErrors(page);
  let query_ = query ?? SMALL;
  const labPage: LabPage = {
    get page() {
      return page;
    },
    get context() {
      return context;
    },
    profile,
    url: server.url,
    served: server.served,
    get errors() {
      return errors;
    },
    ready: () =>
      within(
        page.evaluate(() => lab.ready),
        'lab.ready',
      ),
    run: (line, { limitMs = PATIENCE_MS, ...given } = {}) =>
      within(
        page.evaluate(([text, settings]) => lab.run(text, settings), [line, given] as const),
        line,
        limitMs,
      ),
    async sh(line, stdin) {
      const { stdout, stderr, exitCode } = await labPage.run(line, stdin === undefined ? {} : { stdin });
      if (exitCode !== 0) throw new Error(`${line}\nended with ${exitCode}: ${stderr}${stdout}`);
      return stdout;
    },
    async read(path) {
      const answer = await within(
        page.evaluate(async (asked) => {
          try {
            const response = await lab.fetch(asked);
            return response.ok ? await response.text() : undefined;
          } catch (error) {
            // No answer, as fetch tells it.
            if (error instanceof TypeError) return undefined;
            throw error;
          }
        }, path),
        path,
      );
      return answer === undefined ? undefined : (JSON.parse(answer) as Seen);
    },
    async machine(name) {
      const found = (await page.evaluate(() => lab.machines.list())).find((machine) => machine.name === name);
      if (!found) throw new Error(`there is no machine ${name}`);
      return found;
    },
    async open(asked = query_) {
      query_ = asked;
      await page.goto(server.url + query_);
      await waitForLab(page);
    },
    async reload() {
      await page.reload();
      await waitForLab(page);
    },
    async crash() {
      const session = await context.newCDPSession(page);
      const crashed = page.waitForEvent('crash');
      // The answer to this never comes: who would send it is dead.
      session.send('Page.crash').catch(() => undefined);
      await within(crashed, 'the renderer dies');
      const dead = page;
      page = await context.newPage();
      errors = collectErrors(page);
      await dead.close();
    },
    async kill() {
      // Playwright learns of it by the end of its pipe.
      const closed = new Promise((resolve) => context.once('close', resolve));
      await killBrowser(profile.folder);
      await within(closed, 'the browser has ended');
    },
    async launch(again = options) {
      ({ context, page } = await profile.launch(again));
      errors = collectErrors(page);
    },
    quit: () => context.close(),
    async close() {
      await context.close();
      await server.close();
      await profile.remove();
    },
  };
  if (query !== null) await labPage.open(query);
  return labPage;
}
