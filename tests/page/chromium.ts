/**
 * A real Chromium with a profile on disk, so that IndexedDB outlives a reload, a crash and the browser itself.
 * The profile is a new folder under the system's temporary one; close() keeps it for the next launch, remove() deletes it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Page } from 'playwright';
import { chromiumArgs, findChromium } from '../../scripts/chromium.mjs';

/** The browser's path; undefined where there is none, in which case page tests skip themselves with `describe.skipIf(!browserPath)`. */
export const browserPath = findChromium();

/** Pass `withoutDefaults` to drop Playwright's own flags (they switch off the throttling of hidden tabs). */
export interface LaunchOptions {
  args?: readonly string[];
  withoutDefaults?: boolean;
  viewport?: { width: number; height: number } | null;
  colorScheme?: 'dark' | 'light';
}

export interface Profile {
  readonly folder: string;
  /** Starts a browser on this profile. Only one may run at a time. */
  launch(options?: LaunchOptions): Promise<{ context: BrowserContext; page: Page }>;
  remove(): Promise<void>;
}

/** A new, empty profile. */
export async function createProfile(): Promise<Profile> {
  const folder = await mkdtemp(join(tmpdir(), 'tabernetes-profile-'));
  return {
    folder,
    async launch({ args = [], withoutDefaults = false, viewport = { width: 1280, height: 800 }, colorScheme }: LaunchOptions = {}) {
      const context = await chromium.launchPersistentContext(folder, {
        executablePath: browserPath,
        args: [...chromiumArgs, ...args],
        ignoreDefaultArgs: withoutDefaults
          ? ['--disable-background-timer-throttling', '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding']
          : [],
        viewport,
        colorScheme,
      });
      return { context, page: context.pages()[0] ?? (await context.newPage()) };
    },
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
}

/** What a page must not do in any test: errors nobody caught, and errors printed to the console. The list grows as they happen. */
export function collectErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(`uncaught: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(`console: ${message.text()}`);
  });
  return errors;
}
