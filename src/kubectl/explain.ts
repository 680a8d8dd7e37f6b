/** kubectl explain's text: the schema of a resource or field from the server's OpenAPI document (explain/v2, plaintext). */

/** An OpenAPI schema as far as explain reads it. */
export interface ApiSchema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly $ref?: string;
  readonly allOf?: readonly ApiSchema[];
  readonly items?: ApiSchema;
  readonly additionalProperties?: ApiSchema | boolean;
  readonly properties?: Readonly<Record<string, ApiSchema>>;
  readonly required?: readonly string[];
  readonly enum?: readonly string[];
  readonly oneOf?: readonly ApiSchema[];
  readonly 'x-kubernetes-group-version-kind'?: readonly { readonly group: string; readonly version: string; readonly kind: string }[];
}

/** Schemas by their full names. */
export type Schemas = Readonly<Record<string, ApiSchema>>;

const WIDTH = 76;
const INDENT = 4;

/** Breaks lines between words; words longer than the width stay whole, line breaks stay. */
function wrap(text: string, width: number): string {
  const lines = text.split('\n').map((line) => {
    let result = '';
    let length = 0;
    for (const [, space = '', word = ''] of line.matchAll(/(\s*)(\S+)/g)) {
      // A word that is itself too long starts no new line once it has grown past the width; until then it does.
      if (length > 0 && length + space.length + Math.min(word.length, width - 1) > width) {
        result += `\n${word}`;
        length = word.length;
      } else {
        result += space + word;
        length += space.length + word.length;
      }
    }
    return result;
  });
  return lines.join('\n');
}

const indented = (text: string, by: number): string => text.replace(/^/gm, ' '.repeat(by));

/** Explains schemas of one document. */
export class Explainer {
  constructor(private readonly schemas: Schemas) {}

  private static referenceOf(schema: ApiSchema | undefined): string | undefined {
    const reference = schema?.$ref ?? schema?.allOf?.[0]?.$ref;
    return reference?.slice(reference.lastIndexOf('/') + 1);
  }

  /** The schema behind a reference. */
  resolve(schema: ApiSchema | undefined): ApiSchema | undefined {
    const name = Explainer.referenceOf(schema);
    return name === undefined ? schema : this.schemas[name];
  }

  /** The schema whose fields a field has: of list items and map values as well. */
  inner(schema: ApiSchema | undefined): ApiSchema | undefined {
    const resolved = this.resolve(schema);
    if (resolved?.items) return this.inner(resolved.items);
    if (typeof resolved?.additionalProperties === 'object') return this.inner(resolved.additionalProperties);
    return resolved;
  }

  /** `string`, `[]Container`, `map[string]Quantity`, `ObjectMeta`. */
  typeOf(schema: ApiSchema | undefined): string {
    const name = Explainer.referenceOf(schema);
    if (name !== undefined) {
      const short = name.slice(name.lastIndexOf('.') + 1);
      // Times are shown by their own names, JSON values and plain aliases as well.
      return short;
    }
    if (schema?.items) return `[]${this.typeOf(schema.items)}`;
    if (typeof schema?.additionalProperties === 'object') return `map[string]${this.typeOf(schema.additionalProperties)}`;
    if (schema?.format === 'int-or-string' || schema?.oneOf) return 'IntOrString';
    return schema?.type === 'object' || schema?.type === undefined ? 'Object' : schema.type;
  }

  /** The descriptions that hold for a field: its own and that of its type. */
  private descriptionOf(schema: ApiSchema | undefined): string {
    const texts: string[] = [];
    const add = (one: ApiSchema | undefined): void => {
      if (!one) return;
      if (one.description) texts.push(one.description);
      if (Explainer.referenceOf(one) !== undefined) add(this.resolve(one));
      else if (one.items) add(one.items);
      else if (typeof one.additionalProperties === 'object') add(one.additionalProperties);
    };
    add(schema);
    return texts.length ? `${texts.map((text) => wrap(text, WIDTH)).join('\n')}\n` : '<empty>';
  }

  private fieldLine(name: string, schema: ApiSchema, required: boolean): string {
    const values = schema.enum ? `enum: ${wrap([...schema.enum].sort().join(', '), WIDTH).replaceAll('\n', '\n  ')}\n` : '';
    const head = `${name}\t<${this.typeOf(schema)}>${required ? ' -required-' : ''}\n`;
    return head + values;
  }

  private fields(schema: ApiSchema | undefined, level: number, recursive: boolean, above: readonly ApiSchema[]): string {
    const properties = schema?.properties ?? {};
    return Object.keys(properties)
      .sort()
      .map((name) => {
        const field = properties[name]!;
        const line = indented(this.fieldLine(name, field, schema?.required?.includes(name) ?? false), level).replace(/ +$/, '');
        if (!recursive) {
          const text = field.description ?? '<no description>';
          return `${line}${indented(wrap(text, WIDTH), level + 2)}\n\n`;
        }
        const inner = this.inner(field);
        // A type inside itself is not opened again.
        return inner && !above.includes(inner) ? line + this.fields(inner, level + 2, true, [...above, inner]) : line;
      })
      .join('');
  }

  /** The text below KIND and VERSION. `name` is empty for the resource itself. */
  explain(schema: ApiSchema, name: string, recursive: boolean): string {
    const head = name
      ? `FIELD: ${name} <${this.typeOf(schema)}>\n${
          schema.enum
            ? `ENUM:\n${[...schema.enum]
                .sort()
                .map((value) => `    ${value}\n`)
                .join('')}`
            : '\n'
        }\n`
      : '';
    const inner = this.inner(schema);
    const fields = inner?.properties ? `FIELDS:\n${this.fields(inner, 2, recursive, [inner])}` : '';
    return `${head}DESCRIPTION:\n${indented(this.descriptionOf(schema), INDENT)}\n${fields}\n`;
  }
}
