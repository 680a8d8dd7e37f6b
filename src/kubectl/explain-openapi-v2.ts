/** kubectl explain --output=plaintext-openapiv2: the older form of the text, with every composite called Object. */
import { Explainer, type ApiSchema } from './explain.ts';

const WIDTH = 80;
const DESCRIPTION_INDENT = 5;
const FIELD_INDENT = 3;

/** Whether a line stands for itself: after a colon, or as an entry of a list. */
const startsAnew = (lastWord: string, line: string): boolean => lastWord.endsWith(':') || /^\s*(\d+\.?|-|\*)\s/.test(line);

/** Fills lines of a width; empty lines and indented ones stay. */
function filled(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  let lastWord = '';
  const flush = (): void => {
    if (line !== '') lines.push(line);
    line = '';
  };
  for (const source of text.split('\n')) {
    const isKept = source.startsWith('    ');
    if (isKept || (lines.length + (line === '' ? 0 : 1) > 0 && source.trim() === '')) {
      flush();
      lines.push(isKept ? source : '');
      continue;
    }
    if (startsAnew(lastWord, source)) flush();
    for (const word of source.split(/\s+/).filter((one) => one !== '')) {
      lastWord = word;
      if (line !== '' && line.length + 1 + word.length > width) flush();
      line += line === '' ? word : ` ${word}`;
    }
  }
  flush();
  return lines;
}

function indented(text: string, by: number): string {
  return filled(text, WIDTH - by)
    .map((line) => (line === '' ? '\n' : `${' '.repeat(by)}${line}\n`))
    .join('');
}

/** The older texts over the same schemas. */
export class OlderExplainer extends Explainer {
  private olderType(schema: ApiSchema | undefined): string {
    const resolved = this.resolve(schema);
    if (resolved?.items) return `[]${this.olderType(resolved.items)}`;
    if (typeof resolved?.additionalProperties === 'object') return `map[string]${this.olderType(resolved.additionalProperties)}`;
    if (resolved?.oneOf || resolved?.format === 'int-or-string') return 'string';
    return resolved?.type === undefined || resolved.type === 'object' ? 'Object' : resolved.type;
  }

  private olderFields(schema: ApiSchema, level: number, recursive: boolean, above: readonly ApiSchema[]): string {
    const properties = schema.properties ?? {};
    return Object.keys(properties)
      .sort()
      .map((name) => {
        const field = properties[name]!;
        const required = schema.required?.includes(name) ? ' -required-' : '';
        const line = `${' '.repeat(level)}${name}\t<${this.olderType(field)}>${required}\n`;
        if (!recursive) return `${line}${indented(field.description ?? '<no description>', level + 2)}\n`;
        const inner = this.inner(field);
        return inner?.properties && !above.includes(inner)
          ? line + this.olderFields(inner, level + FIELD_INDENT, true, [...above, inner])
          : line;
      })
      .join('');
  }

  /** The text below VERSION. `name` is empty for the resource itself. */
  override explain(schema: ApiSchema, name: string, recursive: boolean): string {
    const inner = this.inner(schema);
    const isComposite = inner?.properties !== undefined;
    const head = name === '' ? '' : `${isComposite ? 'RESOURCE: ' : 'FIELD:    '}${name} <${this.olderType(schema)}>\n\n`;
    const own = schema.description ?? '';
    const texts = [own, isComposite && inner !== schema ? (inner.description ?? '') : ''].filter((text) => text !== '');
    const description =
      texts.length > 0 ? texts.map((text) => indented(text, DESCRIPTION_INDENT)).join('\n') : `${' '.repeat(DESCRIPTION_INDENT)}<empty>\n`;
    const fields = isComposite ? `\nFIELDS:\n${this.olderFields(inner, FIELD_INDENT, recursive, [inner])}` : '';
    return `${head}DESCRIPTION:\n${description}${fields}`;
  }
}
