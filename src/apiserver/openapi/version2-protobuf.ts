/**
 * The OpenAPI v2 document as protobuf (gnostic's openapi.v2.Document), which is all that kubectl's client-side validation takes. Only what it
 * reads is written: title, version and definitions; the paths are in the JSON form.
 */

/** The media type of the answer (the one asked for has an @ where this has its third dot). */
export const OPENAPI_V2_PROTOBUF_ANSWER = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
/** The media type, as kubectl asks for it. */
export const OPENAPI_V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';

type Json = Readonly<Record<string, unknown>>;

const encoder = new TextEncoder();

function varint(value: number): number[] {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) | 128);
  return [...bytes, left];
}

/** A message under way: fields in the order they are added. */
class Message {
  private readonly parts: Uint8Array[] = [];
  private length = 0;

  private push(part: Uint8Array): void {
    this.parts.push(part);
    this.length += part.length;
  }
  bytes(number: number, value: Uint8Array): this {
    this.push(Uint8Array.from([...varint(number * 8 + 2), ...varint(value.length)]));
    this.push(value);
    return this;
  }
  text(number: number, value: unknown): this {
    return typeof value === 'string' && value !== '' ? this.bytes(number, encoder.encode(value)) : this;
  }
  flag(number: number, value: unknown): this {
    if (value === true) this.push(Uint8Array.from([...varint(number * 8), 1]));
    return this;
  }
  message(number: number, value: Message): this {
    return this.bytes(number, value.end());
  }
  end(): Uint8Array {
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}

/** Any value, as YAML (JSON is YAML). */
const anyValue = (value: unknown): Message => new Message().text(2, JSON.stringify(value));
const named = (name: string, value: Message): Message => new Message().text(1, name).message(2, value);

function namedSchemas(schemas: Json): Message {
  const list = new Message();
  for (const [name, schema] of Object.entries(schemas)) list.message(1, named(name, schemaMessage(schema as Json)));
  return list;
}

function additionalProperties(message: Message, value: unknown): void {
  if (value === undefined) return;
  message.message(21, typeof value === 'boolean' ? new Message().flag(2, value) : new Message().message(1, schemaMessage(value as Json)));
}

function schemaMessage(schema: Json): Message {
  const message = new Message().text(1, schema['$ref']).text(2, schema['format']).text(3, schema['title']).text(4, schema['description']);
  if (schema['default'] !== undefined) message.message(5, anyValue(schema['default']));
  for (const name of (schema['required'] as string[] | undefined) ?? []) message.text(19, name);
  for (const value of (schema['enum'] as unknown[] | undefined) ?? []) message.message(20, anyValue(value));
  additionalProperties(message, schema['additionalProperties']);
  if (typeof schema['type'] === 'string') message.message(22, new Message().text(1, schema['type']));
  if (schema['items']) message.message(23, new Message().message(1, schemaMessage(schema['items'] as Json)));
  for (const part of (schema['allOf'] as Json[] | undefined) ?? []) message.message(24, schemaMessage(part));
  if (schema['properties']) message.message(25, namedSchemas(schema['properties'] as Json));
  for (const [name, value] of Object.entries(schema)) if (name.startsWith('x-')) message.message(31, named(name, anyValue(value)));
  return message;
}

/** The protobuf form of a v2 document. */
export function encodeVersion2(document: {
  readonly info: { readonly title: string; readonly version: string };
  readonly definitions: Json;
}): Uint8Array {
  const { info, definitions } = document;
  return new Message()
    .text(1, '2.0')
    .message(2, new Message().text(1, info.title).text(2, info.version))
    .message(8, new Message())
    .message(9, namedSchemas(definitions))
    .end();
}
