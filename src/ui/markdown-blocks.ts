/** Reads the plain Markdown that the project's own pages are written in: titles, headings, list items, paragraphs. Marks inside a line are dropped; no HTML comes out. */

/** One block of a page. */
export interface MarkdownBlock {
  readonly kind: 'title' | 'heading' | 'item' | 'paragraph';
  readonly text: string;
}

const withoutMarks = (text: string): string =>
  text
    .replace(/`([^`]*)`/g, '$1')
    .replace(/\*\*([^*]*)\*\*/g, '$1')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');

/** The blocks of a page, in order. Lines that go on are joined. */
export function readMarkdown(text: string): MarkdownBlock[] {
  const blocks: MarkdownBlock[] = [];
  let open: { kind: MarkdownBlock['kind']; lines: string[] } | undefined;
  const close = (): void => {
    if (open) blocks.push({ kind: open.kind, text: withoutMarks(open.lines.join(' ')) });
    open = undefined;
  };
  for (const line of text.split('\n')) {
    const [, hashes, heading] = /^(#+)\s+(.*)$/.exec(line) ?? [];
    const [, item] = /^\s*[-*]\s+(.*)$/.exec(line) ?? [];
    if (heading !== undefined || item !== undefined || line.trim() === '') close();
    if (heading !== undefined) blocks.push({ kind: hashes === '#' ? 'title' : 'heading', text: withoutMarks(heading) });
    else if (item !== undefined) open = { kind: 'item', lines: [item] };
    else if (line.trim() !== '') (open ??= { kind: 'paragraph', lines: [] }).lines.push(line.trim());
  }
  close();
  return blocks;
}
