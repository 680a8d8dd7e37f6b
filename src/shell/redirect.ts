/** Redirections: >, >>, <, <>, 2>&1, &>, here-documents and here-strings. */
import { readerOf as textReader } from '#host';
import type { HereDoc, Redirection } from 'unbash';
import { ExpansionError } from './control-flow.ts';
import { expandParts, expandToFields, expandToText, joinPieces, type Expander } from './expand.ts';
import { openForReading, openForWriting, readerOf, shareReader, writerOf, type Descriptor, type Descriptors } from './io.ts';
import { failureText } from './messages.ts';
import { resolvePath } from './paths.ts';

/** A redirection that cannot be done: `file: No such file or directory`. */
export class RedirectionError extends Error {}

async function hereDocument(node: HereDoc, expander: Expander): Promise<string> {
  const strip = node.operator === '<<-';
  const untab = (text: string, atStart: boolean): string => (strip ? text.replace(atStart ? /(^|\n)\t+/g : /(\n)\t+/g, '$1') : text);
  const { parts, text } = node.body;
  if (node.delimiter?.quoted) return untab(text, true);
  // Inside an unquoted here-document a backslash still joins lines and protects $ and `.
  const unescape = (raw: string): string => raw.replace(/\\([\\$`])|\\\n/g, (_, char: string | undefined) => char ?? '');
  if (!parts) return untab(unescape(text), true);
  const pieces = await expandParts(
    parts.map((part, at) => (part.type === 'Literal' ? { ...part, value: untab(part.value, at === 0) } : part)),
    expander,
    true,
  );
  return joinPieces(pieces);
}

async function targetPath(node: Extract<Redirection, { type: 'Redirect' }>, expander: Expander): Promise<string> {
  const fields = node.target ? await expandToFields([node.target], expander) : [];
  if (fields.length !== 1) throw new RedirectionError(`${node.target?.text ?? ''}: ambiguous redirect`);
  return fields[0]!;
}

function duplicate(table: Descriptors, text: string): Descriptor | undefined {
  if (text === '-') return {};
  const source = /^\d+$/.test(text) ? table.get(Number(text)) : undefined;
  if (/^\d+$/.test(text) && !source) throw new RedirectionError(`${text}: Bad file descriptor`);
  return source;
}

function open(expander: Expander, path: string, how: 'read' | 'write' | 'append', table: Descriptors): Descriptor {
  const known = { '/dev/stdin': 0, '/dev/stdout': 1, '/dev/stderr': 2 }[path];
  if (known !== undefined) return how === 'read' ? { reader: readerOf(table, known) } : { writer: writerOf(table, known) };
  const absolute = resolvePath(expander.state.cwd, path);
  try {
    if (how === 'read') return { reader: openForReading(expander.files, absolute) };
    return { writer: openForWriting(expander.files, absolute, how === 'append') };
  } catch (error) {
    throw new RedirectionError(`${path}: ${failureText(error)}`);
  }
}

/** The descriptors after redirections, from left to right. Throws RedirectionError and ExpansionError. */
export async function applyRedirections(
  redirections: readonly Redirection[],
  table: Descriptors,
  expander: Expander,
): Promise<Descriptors> {
  if (redirections.length === 0) return table;
  const next = new Map(table);
  for (const node of redirections) {
    if (node.descriptor?.type === 'FileDescriptorVariable')
      throw new ExpansionError(`${node.descriptor.name}: cannot assign fd to variable`);
    const given = node.descriptor?.value;
    if (node.type === 'HereDoc') {
      next.set(given ?? 0, { reader: shareReader(textReader(await hereDocument(node, expander))) });
      continue;
    }
    if (node.type === 'HereString') {
      const text = node.target ? await expandToText(node.target, expander) : '';
      next.set(given ?? 0, { reader: shareReader(textReader(`${text}\n`)) });
      continue;
    }
    const target = await targetPath(node, expander);
    switch (node.operator) {
      case '<':
      case '<>':
        next.set(given ?? 0, open(expander, target, 'read', next));
        break;
      case '>':
      case '>|':
        next.set(given ?? 1, open(expander, target, 'write', next));
        break;
      case '>>':
        next.set(given ?? 1, open(expander, target, 'append', next));
        break;
      case '&>':
      case '&>>': {
        const both = open(expander, target, node.operator === '&>' ? 'write' : 'append', next);
        next.set(1, both).set(2, both);
        break;
      }
      case '>&':
      case '<&': {
        const source = duplicate(next, target);
        if (source) next.set(given ?? (node.operator === '>&' ? 1 : 0), source);
        else {
          const both = open(expander, target, 'write', next);
          next.set(1, both).set(2, both);
        }
      }
    }
  }
  return next;
}
