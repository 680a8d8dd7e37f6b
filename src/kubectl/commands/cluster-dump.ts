/** kubectl cluster-info dump: nodes, what the chosen namespaces hold, and the logs of their pods. */
import type { KubeObject } from '#apimachinery';
import type { Pod } from '#api';
import { directoryName, joinPath, resolvePath } from '#shell';
import { allNamespacesFlag, defineFlag, outputFlags } from '../common-flags.ts';
import type { Invocation } from '../command.ts';
import type { FlagSpec } from '../flags.ts';
import { objectPrinter } from '../printers/output.ts';

const CORE = ['events', 'replicationcontrollers', 'services'];
const APPS = ['daemonsets', 'deployments', 'replicasets'];
/** A list as the server gives it. */
type List = KubeObject & { items: Pod[] };

/** Where a part goes: to a file below --output-directory, else to standard output. */
async function write({ session, flags }: Invocation, name: string, text: string): Promise<void> {
  const directory = flags.text('output-directory');
  if (directory === '' || directory === '-') return session.out(text);
  const { files, cwd } = session.process;
  const path = resolvePath(cwd, joinPath(directory, name));
  files.makeDirectory(directoryName(path), { recursive: true });
  files.write(path, text);
}

async function dumpLogs(invocation: Invocation, namespace: string, { metadata, spec }: Pod): Promise<void> {
  const { session } = invocation;
  let text = '';
  for (const { name } of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
    const path = `/api/v1/namespaces/${namespace}/pods/${metadata.name}/log`;
    const log = await session
      .send({ method: 'GET', path, query: { container: name }, accept: '*/*' })
      .then((response) => response.text())
      // A container that never ran has no log; the reason stands in its place, as in the real dump.
      .catch((error: unknown) => `Request log error: ${error instanceof Error ? error.message : String(error)}\n`);
    const title = `logs for container ${name} of pod ${namespace}/${metadata.name} ====\n`;
    text += `==== START ${title}${log}==== END ${title}`;
  }
  await write(invocation, `${namespace}/${metadata.name}/logs.txt`, text);
}

/** kubectl cluster-info dump */
export async function dumpCluster(invocation: Invocation): Promise<void> {
  const { session, flags } = invocation;
  const format = flags.text('output') || 'json';
  const printer = objectPrinter(session, { ...flags, text: (name) => (name === 'output' ? format : flags.text(name)) }, false)!;
  const extension = format === 'yaml' ? 'yaml' : 'json';
  const dump = async (path: string, name: string): Promise<List> => {
    const list = await session.json<List>({ method: 'GET', path });
    await write(invocation, `${name}.${extension}`, printer.text(list));
    return list;
  };
  await dump('/api/v1/nodes', 'nodes');
  let namespaces = flags.list('namespaces');
  if (flags.on('all-namespaces'))
    namespaces = (await session.json<List>({ method: 'GET', path: '/api/v1/namespaces' })).items.map(({ metadata }) => metadata.name);
  else if (namespaces.length === 0) namespaces = ['kube-system', session.namespace];
  for (const namespace of namespaces) {
    for (const plural of CORE) await dump(`/api/v1/namespaces/${namespace}/${plural}`, `${namespace}/${plural}`);
    for (const plural of APPS) await dump(`/apis/apps/v1/namespaces/${namespace}/${plural}`, `${namespace}/${plural}`);
    const pods = await dump(`/api/v1/namespaces/${namespace}/pods`, `${namespace}/pods`);
    for (const pod of pods.items) await dumpLogs(invocation, namespace, pod);
  }
  const directory = flags.text('output-directory');
  if (directory !== '' && directory !== '-') await session.out(`Cluster info dumped to ${directory}\n`);
}

/** The flags of kubectl cluster-info dump. */
export const dumpFlags: readonly FlagSpec[] = [
  ...outputFlags,
  allNamespacesFlag,
  defineFlag('namespaces', 'list', 'A comma separated list of namespaces to dump.'),
  defineFlag('output-directory', 'string', "Where to output the files. If empty or '-' uses stdout."),
  defineFlag('pod-running-timeout', 'duration', 'The length of time to wait until at least one pod is running', { initial: '20s' }),
];
