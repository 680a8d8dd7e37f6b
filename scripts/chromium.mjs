/**
 * Finds the browsers that tests and the headless lab drive: a Chromium that is already on this machine, or Debian's package
 * of it; and a Firefox where there is one. Nothing is ever downloaded from a browser vendor.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isMain } from './paths.mjs';

/** Flags for every Chromium that is driven by a test: no graphics card, no traffic of the browser's own. */
export const chromiumArgs = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const chromiumNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge'];
const chromiumPaths = [
  '/snap/bin/chromium',
  '/usr/lib/chromium/chromium',
  '/opt/google/chrome/chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];
const firefoxNames = ['firefox-esr', 'firefox'];
const firefoxPaths = ['/Applications/Firefox.app/Contents/MacOS/firefox', 'C:\\Program Files\\Mozilla Firefox\\firefox.exe'];

function canRun(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'EACCES' || error.code === 'ENOTDIR') return false;
    throw error;
  }
}

function find(names, paths) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return [...names.flatMap((name) => folders.map((folder) => join(folder, name))), ...paths].find(canRun);
}

function named(variable) {
  const path = process.env[variable];
  if (!path || canRun(path)) return path || undefined;
  console.warn(`${variable} is "${path}", but no program can be started there; looking in the usual places.`);
  return undefined;
}

/** The path of a Chromium that can be started, or undefined. CHROME_PATH comes first, then the system's usual names and places. */
export function findChromium() {
  return named('CHROME_PATH') ?? find(chromiumNames, chromiumPaths);
}

/** The path of a Firefox that can be started (FIREFOX_PATH, then the usual places), or undefined. */
export function findFirefox() {
  return named('FIREFOX_PATH') ?? find(firefoxNames, firefoxPaths);
}

/** What a person has to do when no Chromium was found. */
export const chromiumAdvice = [
  'No Chromium was found, so the tests that need a real browser are skipped.',
  'Install one (Debian: apt-get install chromium; macOS: brew install --cask chromium; or Google Chrome or Edge),',
  'or set CHROME_PATH to the program of one, and run the tests again.',
].join('\n');

function debianCanInstall() {
  const isRoot = typeof process.getuid === 'function' && process.getuid() === 0;
  return isRoot && find(['apt-get'], []) !== undefined;
}

/**
 * Like findChromium, but where none is found, the user is root and apt-get exists, installs Debian's package first.
 * Returns undefined when there is still none; `say` is told what happens.
 */
export function ensureChromium(say = console.log) {
  const found = findChromium();
  if (found) return found;
  if (!debianCanInstall()) return undefined;
  say('No Chromium found; installing the package "chromium" with apt-get …');
  const options = { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  const steps = [
    ['apt-get', ['-qq', 'update']],
    ['apt-get', ['-qq', '-y', 'install', '--no-install-recommends', 'chromium']],
  ];
  for (const [program, args] of steps) {
    const { status } = spawnSync(program, args, options);
    if (status !== 0) say(`${program} ${args.join(' ')} ended with ${status}.`);
  }
  return findChromium();
}

if (isMain(import.meta.url)) {
  console.log(`chromium: ${findChromium() ?? 'none'}\nfirefox: ${findFirefox() ?? 'none'}`);
}
