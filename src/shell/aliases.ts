/** Alias expansion on a line's text: the first word of each command, before the line is parsed for good. */
import { forEachChild, parse, type SyntaxNode, type Word } from 'unbash';

function aliasText(name: string, aliases: ReadonlyMap<string, string>, seen: ReadonlySet<string>): string {
  const value = aliases.get(name)!;
  const first = /^\s*([^\s;&|<>()"'$`\\]+)/.exec(value);
  if (!first || seen.has(first[1]!) || !aliases.has(first[1]!)) return value;
  const start = first[0].length - first[1]!.length;
  return value.slice(0, start) + aliasText(first[1]!, aliases, new Set([...seen, first[1]!])) + value.slice(first[0].length);
}

/** The line with its aliases replaced. */
export function expandAliases(line: string, aliases: ReadonlyMap<string, string>): string {
  if (aliases.size === 0) return line;
  const found: Word[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type === 'Command' && node.name) {
      if (node.name.text === node.name.value && aliases.has(node.name.text)) found.push(node.name);
      // An alias that ends in a blank lets the next word be an alias, too (alias watch='watch ').
      const next = node.suffix[0];
      if (found.at(-1) === node.name && aliases.get(node.name.text)!.endsWith(' ') && next?.type === 'Word' && aliases.has(next.text))
        found.push(next);
    }
    forEachChild(node, visit);
  };
  visit(parse(line));
  let result = line;
  for (const word of found.sort((a, b) => b.pos - a.pos)) {
    result = result.slice(0, word.pos) + aliasText(word.text, aliases, new Set([word.text])) + result.slice(word.end);
  }
  return result;
}
