/**
 * The plan of the house as data: which room may enter which, and which packages each room may use. What is not listed is forbidden.
 * docs/ARCHITECTURE.md shows the same table in words; a change here is a change of the architecture and wants a decision record.
 */

const words = ['apimachinery', 'api', 'client', 'host', 'contracts'] as const;
const serverFolders = ['etcd', 'apiserver', 'controllers', 'scheduler', 'kubelet', 'runtime', 'network'] as const;
const shellPrograms = ['kubeadm', 'crictl', 'node-tools', 'kubectl', 'etcdctl'] as const;

/** Rooms that any room of the list may enter, by the front door. */
export const mayEnter: Readonly<Record<string, readonly string[]>> = {
  apimachinery: [],
  raft: [],
  lifecycle: [],
  host: [],
  'host/browser': ['host'],
  'host/simulated': ['host'],
  api: ['apimachinery'],
  contracts: ['apimachinery', 'api'],
  shell: ['host'],
  etcd: ['raft', 'host', 'contracts', 'lifecycle'],
  'etcd/client': ['host', 'contracts'],
  client: ['apimachinery', 'api', 'host', 'contracts'],
  apiserver: [...words, 'etcd/client', 'lifecycle'],
  controllers: [...words, 'lifecycle'],
  scheduler: [...words, 'lifecycle'],
  kubelet: [...words, 'lifecycle'],
  network: [...words, 'lifecycle'],
  runtime: ['host', 'contracts', 'shell', 'lifecycle'],
  addons: [...words, 'lifecycle'],
  kubeadm: ['shell', ...words],
  crictl: ['shell', ...words],
  'node-tools': ['shell', ...words],
  kubectl: ['shell', ...words],
  etcdctl: ['shell', 'host', 'contracts', 'etcd/client'],
  cluster: [...serverFolders, 'addons', 'shell', ...shellPrograms, ...words, 'lifecycle'],
  lab: [...words, 'lifecycle'],
  'lab/fetch': ['contracts'],
  lessons: ['lab', 'contracts'],
  embed: ['lab', 'contracts'],
  bridge: ['lab', 'contracts', 'host'],
  ui: ['lab', 'client', 'api', 'apimachinery', 'contracts', 'lifecycle'],
  main: ['lab', 'lab/fetch', 'ui', 'bridge', 'host/browser'],
  workers: ['cluster', 'host', 'host/browser', 'contracts'],
};

/** Rooms inside another folder (a folder, or one file): they may use the enclosing folder's own files where true, and never the other way round. */
export const innerRooms: Readonly<Record<string, { readonly mayUseEnclosing: boolean }>> = {
  'host/browser': { mayUseEnclosing: true },
  'host/simulated': { mayUseEnclosing: true },
  'etcd/client': { mayUseEnclosing: false },
  'lab/fetch': { mayUseEnclosing: false },
};

/** Rooms that hold types and nothing that runs. What they import is types, too. */
export const typesOnly: readonly string[] = ['contracts'];

/** A package, who may use it, and what for. `types` means `import type` only. */
export interface PackageRule {
  readonly name: string;
  readonly rooms: readonly string[];
  readonly why: string;
  readonly types?: boolean;
}

export const packages: readonly PackageRule[] = [
  { name: '@noble/curves', rooms: ['host'], why: 'ECDSA P-256, synchronous and replayable; everybody else uses process.crypto' },
  { name: '@noble/hashes', rooms: ['host'], why: 'SHA-2 and HMAC, synchronous and replayable; everybody else uses process.crypto' },
  { name: 'comlink', rooms: ['host', 'host/browser', 'workers', 'lab', 'main', 'embed', 'bridge'], why: 'calls between page and workers' },
  { name: 'idb', rooms: ['host/browser'], why: 'IndexedDB with promises, for the disk of a machine' },
  { name: 'svelte', rooms: ['ui', 'main', 'embed'], why: 'the page' },
  { name: '@xterm/xterm', rooms: ['ui'], why: 'the terminal, loaded after first paint' },
  { name: '@xterm/addon-fit', rooms: ['ui'], why: 'the terminal fills its panel' },
  { name: 'unbash', rooms: ['shell'], why: "the grammar of the shell's language" },
  {
    name: 'xstate',
    rooms: ['lifecycle', ...serverFolders, 'addons', 'cluster', 'lab', 'ui'],
    why: 'lifecycles as data, the same for the cluster and for the diagram',
  },
  {
    name: 'yaml',
    rooms: ['apiserver', 'client', 'kubelet', 'runtime', 'network', 'kubeadm', 'crictl', 'kubectl', 'cluster', 'lab', 'lessons', 'ui'],
    why: 'manifests, kubeconfigs and static pods',
  },
  { name: 'kubernetes-models', rooms: ['api'], why: 'the types of the kinds', types: true },
  { name: 'vite', rooms: ['bridge'], why: 'the type of a plug-in', types: true },
  { name: 'node:', rooms: ['bridge'], why: 'the half of the bridge that stands in Node' },
];

/**
 * A folder whose every member is one file named in an index. `files` says which files stand in it, `indexes` where they are named;
 * a file that is no member by its text (`member`) may also be a part that registered files import.
 */
export interface Registry {
  readonly what: string;
  readonly files: RegExp;
  readonly indexes: RegExp;
  readonly member: RegExp;
}

export const registries: readonly Registry[] = [
  {
    what: 'kind',
    files: /^src\/api\/(?!schema\/)[^/]+\/[^/]+\.ts$/,
    indexes: /^src\/api\/(index|registry|kinds|[^/]+\/index)\.ts$/,
    member: /export const \w+(?:: \w*Kind\b|[^=\n]*= (?:defineKind|kind)\()/,
  },
  {
    what: 'kubectl verb',
    files: /^src\/kubectl\/commands\/.+\.ts$/,
    indexes: /^src\/kubectl\/commands\/([^/]+\/)?index\.ts$/,
    member: /export const \w+: \w*(Command|Verb)\b/,
  },
  {
    what: 'controller',
    files: /^src\/controllers\/[^/]+\.ts$/,
    indexes: /^src\/controllers\/index\.ts$/,
    member: /defineController\(|export const \w+: \w*Controller\b/,
  },
  {
    what: 'scheduler plugin',
    files: /^src\/scheduler\/plugins\/.+\.ts$/,
    indexes: /^src\/scheduler\/plugins\/index\.ts$/,
    member: /export const \w+: \w*Plugin\b/,
  },
  {
    what: 'admission plugin',
    files: /^src\/apiserver\/admission\/.+\.ts$/,
    indexes: /^src\/apiserver\/admission\/index\.ts$/,
    member: /export const \w+: \w*(Plugin|Admission)\b/,
  },
  {
    what: 'image',
    files: /^src\/runtime\/images\/.+\.ts$/,
    indexes: /^src\/runtime\/images\/index\.ts$/,
    member: /export const \w+: \w*Image\w*\b/,
  },
  { what: 'fault', files: /^src\/lab\/faults\/.+\.ts$/, indexes: /^src\/lab\/faults\/index\.ts$/, member: /export const \w+: \w*Fault\b/ },
  { what: 'lesson', files: /^src\/lessons\/[^/]+\/index\.ts$/, indexes: /^src\/lessons\/index\.ts$/, member: /./ },
];
