/**
 * What the page's address asks for. Pure: text in, validated parameters and notices out. A bad value falls back to its default and
 * says so; names that nobody knows are ignored, so that links made for a later version still open.
 */
import type { ClusterSpec } from '#lab';

/** Panels that an address may name. */
export const PANELS = ['map', 'terminal', 'dashboard', 'etcd', 'timeline', 'lesson', 'faults', 'api'] as const;
/** One of them. */
export type Panel = (typeof PANELS)[number];

/** Panels that stand. */
export const BUILT_PANELS: readonly Panel[] = ['map', 'terminal', 'dashboard'];

/** The cluster of an address that names no shape, where nothing is stored yet: one that survives the loss of any machine. */
export const FIRST_CLUSTER: Partial<ClusterSpec> = { controlPlanes: 3, workers: 3 };

/** Slowest and fastest rate of time, lab milliseconds per real one. */
export const SPEED_RANGE = { least: 0.05, most: 60 } as const;

/** The parameters of one visit. */
export interface PageParameters {
  /** Only what the address named; FIRST_CLUSTER and the lab fill in the rest. */
  readonly spec: Partial<ClusterSpec>;
  /** Stop time once the cluster is ready. */
  readonly paused: boolean;
  readonly panels: readonly Panel[];
  readonly theme: 'light' | 'dark' | 'auto';
  /** No chrome around the panels. */
  readonly embed: boolean;
  /** Look, don't touch. */
  readonly readonly: boolean;
  /** Nothing is kept after the tab closes. */
  readonly ephemeral: boolean;
  /** Name of the stored cluster. */
  readonly cluster: string;
  /** Let real clients in through the server of this page. */
  readonly bridge: boolean;
  /** Lab milliseconds per real one, once ready. */
  readonly speed: number;
  /** Shell lines to type once the cluster is ready. */
  readonly run: readonly string[];
  /** A sentence for each value that was not understood. */
  readonly notices: readonly string[];
}

const TRUE_WORDS = ['', '1', 'true', 'yes'];
const FALSE_WORDS = ['0', 'false', 'no'];
const CLUSTER_NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
/** Longer than any lesson's opening lines, shorter than what makes a browser refuse an address. */
const RUN_BYTES_MAX = 16_384;

/** The text of base64url, or undefined when it is none. */
function decodeBase64Url(text: string): string | undefined {
  if (!/^[A-Za-z0-9_-]*={0,2}$/.test(text) || text.length > RUN_BYTES_MAX) return undefined;
  try {
    const bytes = Uint8Array.from(atob(text.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/')), (letter) =>
      letter.charCodeAt(0),
    );
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof DOMException || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Reads single values and remembers what was wrong with them. */
function createReader(query: URLSearchParams) {
  const notices: string[] = [];
  const refuse = (name: string, text: string, wanted: string, fallback: string): void => {
    notices.push(`${name}=${text.slice(0, 60)} in the address is not ${wanted}; using ${fallback}.`);
  };
  return {
    notices,
    number(name: string, least: number, most: number, fallback: string, whole = true): number | undefined {
      const text = query.get(name);
      if (text === null) return undefined;
      const value = Number(text);
      if (text.trim() !== '' && Number.isFinite(value) && (!whole || Number.isSafeInteger(value)) && value >= least && value <= most)
        return value;
      refuse(name, text, `a ${whole ? 'whole ' : ''}number from ${least} to ${most}`, fallback);
      return undefined;
    },
    choice<T extends string>(name: string, choices: readonly T[], fallback: string): T | undefined {
      const text = query.get(name);
      if (text === null) return undefined;
      const found = choices.find((choice) => choice === text);
      if (found === undefined) refuse(name, text, `one of ${choices.join(', ')}`, fallback);
      return found;
    },
    flag(name: string): boolean {
      const text = query.get(name);
      if (text === null || FALSE_WORDS.includes(text)) return false;
      if (TRUE_WORDS.includes(text)) return true;
      refuse(name, text, 'yes or no (1 or 0)', '0');
      return false;
    },
    list(name: string): string[] | undefined {
      return query
        .get(name)
        ?.split(',')
        .map((each) => each.trim())
        .filter((each) => each !== '');
    },
    refuse,
    text: (name: string): string | null => query.get(name),
  };
}

type Reader = ReturnType<typeof createReader>;

function readSpec(read: Reader): Partial<ClusterSpec> {
  const kept = 'that of the stored cluster, or the default';
  const addons = read.list('addons');
  const named = {
    topology: read.choice('topology', ['stacked', 'external'], kept),
    controlPlanes: read.number('controlPlanes', 1, 5, kept),
    workers: read.number('workers', 0, 24, kept),
    etcdMembers: read.number('etcdMembers', 1, 5, kept),
    zones: read.number('zones', 1, 9, kept),
    seed: read.number('seed', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, kept),
    addons: addons?.every((name) => /^[a-z0-9-]+$/.test(name)) ? addons : undefined,
  };
  if (addons && !named.addons) read.refuse('addons', addons.join(','), 'a list of names', kept);
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
}

function readPanels(read: Reader): readonly Panel[] {
  const asked = read.list('panels');
  if (asked === undefined) return BUILT_PANELS;
  const known = PANELS.filter((panel) => asked.includes(panel));
  const unknown = asked.filter((name) => !known.some((panel) => panel === name));
  if (unknown.length > 0)
    read.notices.push(`panels=${unknown.join(',').slice(0, 60)} in the address: there is no such panel (there are ${PANELS.join(', ')}).`);
  const missing = known.filter((panel) => !BUILT_PANELS.includes(panel));
  if (missing.length > 0) read.notices.push(`This version has no panel ${missing.join(', ')} yet.`);
  const built = known.filter((panel) => BUILT_PANELS.includes(panel));
  return built.length > 0 ? built : BUILT_PANELS;
}

function readRun(read: Reader): readonly string[] {
  const text = read.text('run');
  if (text === null) return [];
  const lines = decodeBase64Url(text);
  if (lines === undefined) {
    read.refuse('run', text, `text in base64url of at most ${RUN_BYTES_MAX} letters`, 'nothing');
    return [];
  }
  return lines.split(/\r?\n/).filter((line) => line.trim() !== '');
}

function readCluster(read: Reader): string {
  const name = read.text('cluster');
  if (name === null || CLUSTER_NAME.test(name)) return name ?? 'default';
  read.refuse('cluster', name, 'a name of at most 63 small letters, digits and hyphens', 'default');
  return 'default';
}

/** The parameters in an address's query (`?a=b`, with or without the question mark). Never throws. */
export function readParameters(search: string): PageParameters {
  const read = createReader(new URLSearchParams(search));
  return {
    spec: readSpec(read),
    paused: read.flag('paused'),
    panels: readPanels(read),
    theme: read.choice('theme', ['light', 'dark', 'auto'], 'auto') ?? 'auto',
    embed: read.flag('embed'),
    readonly: read.flag('readonly'),
    ephemeral: read.flag('ephemeral'),
    cluster: readCluster(read),
    bridge: read.flag('bridge'),
    speed: read.number('speed', SPEED_RANGE.least, SPEED_RANGE.most, '1', false) ?? 1,
    run: readRun(read),
    notices: read.notices,
  };
}

/** The query of an address that asks for this shape and otherwise for what it asked before; so that the link to a cluster that was begun by form brings the same. */
export function specAddress(search: string, shape: Partial<ClusterSpec>): string {
  const query = new URLSearchParams(search);
  for (const [name, value] of Object.entries(shape)) {
    if (name === 'etcdMembers' && shape.topology === 'stacked') query.delete(name);
    else query.set(name, String(value));
  }
  return `?${query}`;
}
