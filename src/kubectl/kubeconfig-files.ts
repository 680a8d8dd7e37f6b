/** Which kubeconfig files kubectl reads ($KUBECONFIG's list, --kubeconfig, ~/.kube/config), how they merge, and writing them back. */
import { parseKubeconfig, type Kubeconfig, type KubeconfigOverrides } from '#client';
import type { Process } from '#host';
import { directoryName, resolvePath } from '#shell';
import { CommandError } from './errors.ts';
import type { Flags } from './flags.ts';
import { toYaml } from './printers/yaml.ts';

/** The files in order of precedence. */
export function kubeconfigPaths(process: Process, flags: Flags): { paths: string[]; explicit: boolean } {
  if (flags.given('kubeconfig')) return { paths: [resolvePath(process.cwd, flags.text('kubeconfig'))], explicit: true };
  const list = (process.env.KUBECONFIG ?? '').split(':').filter((path) => path !== '');
  if (list.length > 0) return { paths: list.map((path) => resolvePath(process.cwd, path)), explicit: false };
  return { paths: [resolvePath(process.env.HOME ?? '/root', '.kube/config')], explicit: false };
}

/** File references of a kubeconfig are relative to it; several files are merged with absolute ones. */
function withAbsolutePaths(config: Kubeconfig, directory: string): Kubeconfig {
  const absolute = <T extends object>(entry: T, names: readonly string[]): T => {
    const copy = { ...entry } as Record<string, unknown>;
    for (const name of names) if (typeof copy[name] === 'string' && copy[name] !== '') copy[name] = resolvePath(directory, copy[name]);
    return copy as T;
  };
  return {
    ...config,
    clusters: (config.clusters ?? []).map((entry) => ({ ...entry, cluster: absolute(entry.cluster ?? {}, ['certificate-authority']) })),
    users: (config.users ?? []).map((entry) => ({
      ...entry,
      user: absolute(entry.user ?? {}, ['client-certificate', 'client-key', 'tokenFile']),
    })),
  };
}

const mergeNamed = <T extends { name: string }>(first: readonly T[], second: readonly T[]): T[] => [
  ...first,
  ...second.filter((entry) => !first.some(({ name }) => name === entry.name)),
];

/** The merged configuration of all files; the first that names something wins. Missing files are passed over unless asked for by flag. */
export function loadConfig(process: Process, flags: Flags): { kubeconfig: Kubeconfig; directory: string; path: string } {
  const { paths, explicit } = kubeconfigPaths(process, flags);
  let merged: Kubeconfig = {};
  for (const path of paths) {
    // There are no devices in the lab's file system.
    if (path === '/dev/null') continue;
    if (process.files.stat(path)?.kind !== 'file') {
      if (explicit) throw new CommandError(`stat ${flags.text('kubeconfig')}: no such file or directory`);
      continue;
    }
    const config = withAbsolutePaths(parseKubeconfig(process.files.readText(path), path), directoryName(path));
    merged = {
      ...config,
      ...merged,
      clusters: mergeNamed(merged.clusters ?? [], config.clusters ?? []),
      users: mergeNamed(merged.users ?? [], config.users ?? []),
      contexts: mergeNamed(merged.contexts ?? [], config.contexts ?? []),
      'current-context': merged['current-context'] || config['current-context'],
    };
  }
  return { kubeconfig: merged, directory: '/', path: paths[0]! };
}

/** What the flags put over the configuration. */
export function overridesOf(flags: Flags): KubeconfigOverrides {
  const overrides: Record<string, unknown> = {};
  const names: Readonly<Record<string, string>> = {
    context: 'context',
    cluster: 'cluster',
    user: 'user',
    server: 'server',
    namespace: 'namespace',
    token: 'token',
    as: 'as',
  };
  for (const [flag, key] of Object.entries(names)) if (flags.given(flag) && flags.text(flag) !== '') overrides[key] = flags.text(flag);
  if (flags.given('as-group')) overrides.asGroups = flags.list('as-group');
  if (flags.on('insecure-skip-tls-verify')) overrides.insecureSkipVerify = true;
  const timeout = flags.text('request-timeout');
  if (timeout && timeout !== '0')
    overrides.timeoutMs = /^\d+$/.test(timeout) ? Number(timeout) * 1000 : flags.durationMs('request-timeout');
  return overrides;
}

/** Entries as kubectl writes them: by name, null for none. */
const byName = <T extends { name: string }>(list: readonly T[] | null | undefined): T[] | null =>
  list?.length ? [...list].sort((a, b) => (a.name < b.name ? -1 : 1)) : null;

/** Reads, changes and writes one kubeconfig file. */
export function changeConfig(process: Process, flags: Flags, change: (config: Kubeconfig) => void): void {
  const { paths } = kubeconfigPaths(process, flags);
  const path = paths.find((one) => process.files.stat(one)) ?? paths[0]!;
  const config: Kubeconfig = process.files.stat(path) ? parseKubeconfig(process.files.readText(path), path) : {};
  change(config);
  const complete = {
    apiVersion: 'v1',
    kind: 'Config',
    ...config,
    clusters: byName(config.clusters),
    contexts: byName(config.contexts),
    users: byName(config.users),
    'current-context': config['current-context'] ?? '',
    preferences: config.preferences ?? {},
  };
  process.files.makeDirectory(directoryName(path), { recursive: true });
  process.files.write(path, toYaml(complete), { mode: 0o600 });
}
