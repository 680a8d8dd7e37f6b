/** `-w table`: drawn tables for members, endpoints and snapshots; everything else has no table, as in etcdctl. */
import { CommandError, EXIT } from '../command.ts';
import { humanBytes, type Printer } from './printer.ts';
import { memberColumns, statusColumns } from './simple.ts';

const unsupported = (): never => {
  throw new CommandError('table not supported as output format', EXIT.badFeature);
};

/** A table with centred headings and cells set to the right. */
export function drawTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, at) => Math.max(heading.length, ...rows.map((row) => row[at]!.length)));
  const rule = `+${widths.map((width) => '-'.repeat(width + 2)).join('+')}+\n`;
  const centred = (text: string, width: number): string => {
    const left = Math.floor((width - text.length) / 2);
    return ' '.repeat(left) + text + ' '.repeat(width - text.length - left);
  };
  const line = (cells: readonly string[], place: (text: string, width: number) => string): string =>
    `|${cells.map((cell, at) => ` ${place(cell, widths[at]!)} `).join('|')}|\n`;
  const body = rows.map((row) => line(row, (text, width) => text.padStart(width))).join('');
  return `${rule}${line(headings, centred)}${rule}${body}${rows.length > 0 ? rule : ''}`;
}

/** The printer. */
export const tablePrinter = (): Printer => ({
  format: 'table',
  get: unsupported,
  put: unsupported,
  del: unsupported,
  txn: unsupported,
  watch: unsupported,
  grant: unsupported,
  revoke: unsupported,
  keepAlive: unsupported,
  timeToLive: unsupported,
  leases: unsupported,
  memberAdd: unsupported,
  memberRemove: unsupported,
  memberUpdate: unsupported,
  memberPromote: unsupported,
  alarm: unsupported,
  moveLeader: unsupported,
  auth: unsupported,
  memberList: ({ members }) => drawTable(['ID', 'STATUS', 'NAME', 'PEER ADDRS', 'CLIENT ADDRS', 'IS LEARNER'], members.map(memberColumns)),
  endpointStatus: (list) =>
    drawTable(
      ['ENDPOINT', 'ID', 'VERSION', 'DB SIZE', 'IS LEADER', 'IS LEARNER', 'RAFT TERM', 'RAFT INDEX', 'RAFT APPLIED INDEX', 'ERRORS'],
      list.map(({ endpoint, status }) => statusColumns(endpoint, status)),
    ),
  endpointHealth: (list) =>
    drawTable(
      ['ENDPOINT', 'HEALTH', 'TOOK', 'ERROR'],
      list.map(({ endpoint, isHealthy, took, error }) => [endpoint, String(isHealthy), took, error]),
    ),
  endpointHash: (list) =>
    drawTable(
      ['ENDPOINT', 'HASH'],
      list.map(({ endpoint, hash }) => [endpoint, String(hash.hash)]),
    ),
  databaseStatus: ({ hash, revision, totalKeys, totalSize }) =>
    drawTable(
      ['HASH', 'REVISION', 'TOTAL KEYS', 'TOTAL SIZE'],
      [[hash.toString(16), String(revision), String(totalKeys), humanBytes(totalSize)]],
    ),
});
