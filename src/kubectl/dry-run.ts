/** --dry-run and --validate, as every writing command reads them. */
import { klogLine } from '#client';
import { CommandError } from './errors.ts';
import type { Flags } from './flags.ts';
import type { Session } from './session.ts';

/** Where a dry run ends: not at all, before the server, or on the server without storing. */
export type DryRun = 'none' | 'client' | 'server';

/** Reads --dry-run. Throws CommandError for other values. */
export function dryRunOf(flags: Flags): DryRun {
  const value = flags.text('dry-run');
  if (value === 'none' || value === 'client' || value === 'server') return value;
  if (value === 'false' || value === '') return 'none';
  if (value === 'true' || value === 'unchanged') {
    throw new CommandError(
      value === 'unchanged'
        ? '--dry-run flag without a value was specified. A value must be set: "none", "server", or "client".'
        : `Invalid dry-run value (${value}). Must be "none", "server", or "client".`,
    );
  }
  throw new CommandError(`Invalid dry-run value (${value}). Must be "none", "server", or "client".`);
}

/** What --dry-run means, its deprecated bare form included; says nothing of it. */
export function dryRunMeant(flags: Flags): DryRun {
  return flags.text('dry-run') === 'unchanged' ? 'client' : dryRunOf(flags);
}

/** Warns of a deprecated boolean value, as kubectl does; gives what it means. */
export async function readDryRun(session: Session, flags: Flags): Promise<DryRun> {
  const value = flags.text('dry-run');
  if (value === 'unchanged')
    await session.err(
      klogLine(
        'warning',
        session.nowMs(),
        session.process.pid,
        'helpers.go:703',
        '--dry-run is deprecated and can be replaced with --dry-run=client.',
      ),
    );
  return dryRunMeant(flags);
}

/** What is written behind a result: ` (dry run)`, ` (server dry run)`. */
export function dryRunSuffix(dryRun: DryRun): string {
  return dryRun === 'none' ? '' : dryRun === 'client' ? ' (dry run)' : ' (server dry run)';
}

/** fieldValidation of --validate. Throws CommandError for other values. */
export function fieldValidationOf(flags: Flags): 'Strict' | 'Warn' | 'Ignore' {
  switch (flags.text('validate')) {
    case 'strict':
    case 'true':
    case '':
      return 'Strict';
    case 'warn':
      return 'Warn';
    case 'ignore':
    case 'false':
      return 'Ignore';
    default:
      throw new CommandError(`invalid - must be "strict" (or "true"), "warn", "ignore" (or "false")`);
  }
}
