/** Tab completion of kubectl's words: verbs, flags, resources, names, namespaces, containers' pods; asks the server like kubectl does. */
import { readAll, createPipe, type Process } from '#host';
import type { Completer } from '#shell';
import type { Command } from './command.ts';
import { commands } from './commands/index.ts';
import { globalFlags } from './common-flags.ts';
import { kubectl } from './kubectl.ts';

/** Lines a kubectl command prints; empty where it fails. */
async function ask(process: Process, env: Readonly<Record<string, string>>, cwd: string, argv: readonly string[]): Promise<string[]> {
  const pipe = createPipe();
  const child = process.spawn(kubectl, { name: 'kubectl', argv, env, cwd, stdout: pipe.writer });
  const [text] = await Promise.all([readAll(pipe.reader), child.exit.then(() => pipe.writer.close())]);
  return text.split('\n').filter((line) => line !== '');
}

function findCommand(words: readonly string[]): { command: Command | undefined; args: string[]; candidates: readonly Command[] } {
  let candidates: readonly Command[] = commands;
  let command: Command | undefined;
  const args: string[] = [];
  for (const word of words) {
    if (word.startsWith('-')) continue;
    const next = args.length === 0 ? candidates.find(({ name, aliases }) => name === word || aliases?.includes(word)) : undefined;
    if (next) {
      command = next;
      candidates = next.commands ?? [];
    } else args.push(word);
  }
  return { command, args, candidates };
}

/** Completes words of a `kubectl` (or aliased) command; other commands are none of its business. */
export const completeKubectl: Completer = async ({ words, process, env, cwd }) => {
  if (words[0] !== 'kubectl') return undefined;
  const word = words.at(-1) ?? '';
  const before = words.slice(1, -1);
  const previous = before.at(-1) ?? '';
  const { command, args, candidates } = findCommand(before);
  const namespaceAt = before.findIndex((one) => one === '-n' || one === '--namespace');
  const scope = namespaceAt >= 0 && before[namespaceAt + 1] ? ['-n', before[namespaceAt + 1]!] : [];
  const query = (argv: readonly string[]): Promise<string[]> => ask(process, env, cwd, argv);
  const names = async (type: string): Promise<string[]> =>
    (await query(['get', type, '-o', 'name', ...scope])).map((line) => line.slice(line.indexOf('/') + 1));
  if (previous === '-n' || previous === '--namespace') return names('namespaces');
  if (previous === '-f' || previous === '--filename') return undefined;
  if (previous === '--context') return query(['config', 'get-contexts', '-o', 'name']);
  if (previous === '-o' || previous === '--output')
    return ['json', 'yaml', 'name', 'wide', 'jsonpath=', 'custom-columns=', 'go-template='].filter((format) => format.startsWith(word));
  if (word.startsWith('-'))
    return [...(command?.flags ?? []), ...globalFlags]
      .map(({ name, type, bare }) => `--${name}${type === 'bool' || bare !== undefined ? '' : '='}`)
      .filter((flag) => flag.startsWith(word))
      .sort();
  if (candidates.length > 0 && args.length === 0)
    return candidates
      .map(({ name }) => name)
      .filter((name) => name.startsWith(word))
      .sort();
  switch (command?.completes) {
    case 'pods':
      return names('pods');
    case 'nodes':
      return names('nodes');
    case 'contexts':
      return query(['config', 'get-contexts', '-o', 'name']);
    case 'resources': {
      if (word.includes('/')) {
        const type = word.slice(0, word.indexOf('/'));
        return (await names(type)).map((name) => `${type}/${name}`);
      }
      return args.length === 0 ? (await query(['api-resources', '-o', 'name'])).map((line) => line.split('.')[0]!) : names(args[0]!);
    }
    default:
      return undefined;
  }
};
