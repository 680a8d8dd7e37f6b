/** etcdctl's usage texts, in the layout of its own template. */
import type { Command } from './command.ts';
import { GLOBAL_FLAGS, type FlagSpec } from './flags.ts';

function flagLines(specs: readonly FlagSpec[]): string {
  const shown = specs.map(({ name, shorthand, fallback, isSwitch, type, usage }) => {
    const value =
      isSwitch || type === 'int' || type === 'duration' ? fallback : type === 'strings' ? `[${fallback}]` : JSON.stringify(fallback);
    return [`  ${shorthand ? `-${shorthand}, ` : '    '}--${name}${isSwitch ? `[=${fallback}]` : `=${value}`}`, usage] as const;
  });
  return shown.map(([flag, usage]) => `${flag}\t${usage}\n`).join('');
}

/** Help of etcdctl itself. */
export function rootHelp(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const list = commands.map(({ name, summary }) => `\t${name.padEnd(width)}\t${summary}\n`).join('');
  return `NAME:\n\tetcdctl - A simple command line client for etcd3.\n\nUSAGE:\n\tetcdctl [flags]\n\nVERSION:\n\t3.5.21\n\nAPI VERSION:\n\t3.5\n\n\nCOMMANDS:\n${list}\nOPTIONS:\n${flagLines(GLOBAL_FLAGS)}\n`;
}

/** Help of one command. */
export function commandHelp({ name, usage, summary, flags = [] }: Command): string {
  const options = flags.length > 0 ? `OPTIONS:\n${flagLines(flags)}\n` : '';
  return `NAME:\n\t${name} - ${summary}\n\nUSAGE:\n\tetcdctl ${name}${usage === '' ? '' : ` ${usage}`} [flags]\n\n${options}GLOBAL OPTIONS:\n${flagLines(GLOBAL_FLAGS)}\n`;
}

/** Help of a group: its commands. */
export function groupHelp(group: string, commands: readonly Command[]): string {
  const own = commands.filter(({ name }) => name.startsWith(`${group} `));
  return `NAME:\n\t${group} - ${group[0]!.toUpperCase()}${group.slice(1)} related commands\n\nUSAGE:\n\tetcdctl ${group} <subcommand> [flags]\n\nAPI VERSION:\n\t3.5\n\n\nCOMMANDS:\n${own.map(({ name, summary }) => `\t${name.slice(group.length + 1)}\t${summary}\n`).join('')}\n`;
}
