/** Help texts of kubectl and its commands, and the guess for a mistyped one. */
import type { Command } from './command.ts';
import type { FlagSpec } from './flags.ts';

const GROUPS = [
  'Basic Commands (Beginner)',
  'Basic Commands (Intermediate)',
  'Deploy Commands',
  'Cluster Management Commands',
  'Troubleshooting and Debugging Commands',
  'Advanced Commands',
  'Settings Commands',
  'Other Commands',
] as const;

const indent = (text: string): string => text.replace(/^(?=.)/gm, '  ');

/** cobra pads names of commands to this much at least. */
const MIN_NAME_WIDTH = 11;

function commandList(commands: readonly Command[], all = commands): string {
  const width = Math.max(MIN_NAME_WIDTH, ...all.map(({ name }) => name.length)) + 1;
  return commands.map(({ name, short }) => `  ${name.padEnd(width)}  ${short}\n`).join('');
}

/** What `kubectl` alone prints. */
export function rootHelp(commands: readonly Command[]): string {
  const sections = GROUPS.map((group) => {
    const members = commands.filter((command) => (command.group ?? 'Other Commands') === group);
    const plugins = group === 'Other Commands' ? 'Subcommands provided by plugins:\n\n' : '';
    return members.length ? `${plugins}${group}:\n${commandList(members, commands)}\n` : '';
  });
  return `kubectl controls the Kubernetes cluster manager.\n\n Find more information at: https://kubernetes.io/docs/reference/kubectl/\n\n${sections.join('')}Usage:\n  kubectl [flags] [options]\n\nUse "kubectl <command> --help" for more information about a given command.\nUse "kubectl options" for a list of global command-line options (applies to all commands).\n`;
}

/** One flag as help lists it. */
export function flagHelp(flag: FlagSpec): string {
  const initial =
    flag.type === 'string'
      ? `'${flag.initial ?? ''}'`
      : flag.type === 'list' || flag.type === 'array'
        ? '[]'
        : (flag.initial ?? (flag.type === 'bool' ? 'false' : flag.type === 'int' ? '0' : '0s'));
  return `    ${flag.short ? `-${flag.short}, ` : ''}--${flag.name}=${initial}:\n\t${flag.help}\n`;
}

/** What `kubectl <command> --help` prints. */
export function helpText(command: Command, path: string): string {
  const parts = [`${command.long ?? `${command.short}.`}\n`];
  if (command.aliases?.length) parts.push(`Aliases:\n${[command.name, ...command.aliases].join(', ')}\n`);
  if (command.examples) parts.push(`Examples:\n${command.examples}\n`);
  if (command.commands?.length) parts.push(`Available Commands:\n${commandList(command.commands)}`);
  if (command.flags?.length)
    parts.push(
      `Options:\n${[...command.flags]
        .sort((a, b) => (a.name < b.name ? -1 : 1))
        .map(flagHelp)
        .join('\n')}`,
    );
  parts.push(`Usage:\n${indent(`${path} ${command.usage ?? '[options]'}`)}\n`);
  const more = command.commands?.length ? `Use "${path} <command> --help" for more information about a given command.\n` : '';
  return `${parts.join('\n')}\n${more}Use "kubectl options" for a list of global command-line options (applies to all commands).\n`;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

const MAX_DISTANCE = 2;

/** Commands that are near to a mistyped word. */
export function suggestions(word: string, names: readonly string[]): string[] {
  return names.filter((name) => distance(word.toLowerCase(), name.toLowerCase()) <= MAX_DISTANCE || name.startsWith(word));
}
