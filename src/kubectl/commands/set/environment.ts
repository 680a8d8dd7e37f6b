/** kubectl set env: variables of containers, given, from ConfigMaps and Secrets, removed, listed. */
import type { KubeObject } from '#apimachinery';
import type { Invocation } from '../../command.ts';
import { CommandError } from '../../errors.ts';
import type { PodParts, Templated } from '../../patches.ts';
import { throwCollected } from '../../targets.ts';
import { changeEach, isMeant, objectsMeant, podSpecOf } from './change.ts';

interface EnvEntry {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}
interface EnvContainer {
  readonly name: string;
  env?: EnvEntry[];
}

const containersOf = (parts: PodParts | undefined): EnvContainer[] => (parts?.containers ?? []) as EnvContainer[];

/** Variables for the keys of --from's ConfigMap or Secret. */
async function variablesFrom(invocation: Invocation): Promise<EnvEntry[]> {
  const { session, flags } = invocation;
  const from = flags.text('from');
  if (!from) return [];
  const [type = '', name = ''] = from.split('/');
  const resource = await session.discovery.resourceOf(type);
  const isSecret = resource.plural === 'secrets';
  if (!isSecret && resource.plural !== 'configmaps') throw new CommandError(`unsupported resource specified in --from`);
  const path = `/api/v1/namespaces/${session.namespace}/${resource.plural}/${name}`;
  const { data = {} } = await session.json<KubeObject & { data?: Record<string, string> }>({ method: 'GET', path });
  const wanted = flags.list('keys');
  const variables: EnvEntry[] = [];
  for (const key of Object.keys(data).sort()) {
    if (wanted.length > 0 && !wanted.includes(key)) continue;
    const variable = key.toUpperCase().replace(/[^A-Z0-9_]/g, '_');
    if (variable !== key) await session.err(`Warning: key ${key} transferred to ${variable}\n`);
    variables.push({
      name: `${flags.text('prefix')}${variable}`,
      valueFrom: { [isSecret ? 'secretKeyRef' : 'configMapKeyRef']: { key, name } },
    });
  }
  return variables;
}

function described({ name, value, valueFrom }: EnvEntry): string {
  const [kind, reference] = Object.entries(valueFrom ?? {})[0] ?? [];
  const { key = '', name: of = '', fieldPath = '', resource = '', containerName = '' } = (reference ?? {}) as Record<string, string>;
  if (kind === undefined) return `${name}=${value ?? ''}`;
  if (kind === 'fieldRef') return `# ${name} from field path ${fieldPath}`;
  if (kind === 'resourceFieldRef') return `# ${name} from resource field ${containerName ? `${containerName}, ` : ''}${resource}`;
  return `# ${name} from ${kind === 'secretKeyRef' ? 'secret' : 'configmap'} ${of}, key ${key}`;
}

async function listEnvironment(invocation: Invocation, words: readonly string[]): Promise<void> {
  const { session, flags } = invocation;
  const { infos, errors } = await objectsMeant(invocation, words);
  for (const info of infos) {
    for (const { name, env = [] } of containersOf(podSpecOf(info.object as KubeObject & Templated))) {
      if (!isMeant(name, flags.text('containers'))) continue;
      await session.out(`# ${info.object.kind} ${info.name}, container ${name}\n${env.map((entry) => `${described(entry)}\n`).join('')}`);
    }
  }
  throwCollected(errors);
}

interface Changes {
  readonly added: readonly EnvEntry[];
  readonly removed: readonly string[];
}

async function changesOf(invocation: Invocation, texts: readonly string[]): Promise<Changes> {
  const added: EnvEntry[] = [];
  const removed: string[] = [];
  for (const text of texts) {
    if (!text.includes('=')) {
      removed.push(text.slice(0, -1));
      continue;
    }
    const name = text.slice(0, text.indexOf('='));
    if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name))
      throw new CommandError(
        `"${name}" is not a valid key name: a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit (e.g. 'my.env-name',  or 'MY_ENV.NAME',  or 'MyEnvName1', regex used for validation is '[-._a-zA-Z][-._a-zA-Z0-9]*')`,
      );
    added.push({ name, value: text.slice(text.indexOf('=') + 1) });
  }
  return { added: [...added, ...(await variablesFrom(invocation))], removed };
}

/** The variables of a container after the changes: those that stay keep their place. */
function changed(env: readonly EnvEntry[], { added, removed }: Changes): EnvEntry[] {
  const latest = new Map(added.map((entry) => [entry.name, entry]));
  const kept = env.filter(({ name }) => !removed.includes(name)).map((entry) => latest.get(entry.name) ?? entry);
  return [...kept, ...[...latest.values()].filter(({ name }) => !env.some((entry) => entry.name === name))];
}

/** kubectl set env */
export async function setEnvironment(invocation: Invocation): Promise<void> {
  const { session, flags, args } = invocation;
  const isChange = (word: string, at: number): boolean => word.includes('=') || (at > 0 && word.endsWith('-') && !word.includes('/'));
  const words = args.filter((word, at) => !isChange(word, at));
  if (flags.on('list')) return listEnvironment(invocation, words);
  const changes = await changesOf(invocation, [...args.filter(isChange), ...flags.list('env')]);
  const telling = { done: 'env updated', failed: 'failed to patch env update to pod template:' };
  await changeEach(invocation, words, telling, async (spec, info) => {
    const meant = containersOf(spec).filter(({ name }) => isMeant(name, flags.text('containers')));
    if (meant.length === 0)
      await session.err(`Warning: ${info.object.kind}/${info.name} does not have any containers matching "${flags.text('containers')}"\n`);
    for (const container of meant) {
      const present = changes.added
        .map(({ name }) => container.env?.find((entry) => entry.name === name))
        .find((entry) => entry !== undefined);
      if (present && !flags.on('overwrite'))
        throw new CommandError(
          `${info.resource.plural}/${info.name} '${present.name}' already has a value (${present.value ?? ''}), and --overwrite is false`,
        );
      container.env = changed(container.env ?? [], changes);
      if (container.env.length === 0) delete container.env;
    }
  });
}
