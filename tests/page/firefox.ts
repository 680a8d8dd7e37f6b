/** A real Firefox, driven over WebDriver BiDi. */
import puppeteer, { type Browser } from 'puppeteer-core';
import { findFirefox } from '../../scripts/chromium.mjs';

/** The browser's path; undefined where there is none, in which case its tests skip themselves with `describe.skipIf(!firefoxPath)`. */
export const firefoxPath = findFirefox();

if (!firefoxPath) console.warn('No Firefox was found (Debian: apt-get install firefox-esr, or set FIREFOX_PATH): its tests are skipped.');

/** Starts a headless Firefox with a fresh profile. The caller closes it. */
export function launchFirefox(): Promise<Browser> {
  if (!firefoxPath) throw new Error('There is no Firefox on this machine.');
  return puppeteer.launch({ browser: 'firefox', executablePath: firefoxPath, headless: true, protocol: 'webDriverBiDi' });
}
