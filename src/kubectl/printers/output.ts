/** -o: json, yaml, name, jsonpath, go-template, custom-columns. Tables are elsewhere; these print whole objects. */
import { parseGroupVersion, parseJsonPath, relaxedJsonPath, type JsonPath, type KubeObject } from '#apimachinery';
import { resolvePath } from '#shell';
import { CommandError } from '../errors.ts';
import type { Flags } from '../flags.ts';
import type { Session } from '../session.ts';
import { executeTemplate, parseTemplate } from './go-template.ts';
import { toJson } from './json.ts';
import { alignTabs, tableLayout } from './tabs.ts';
import { toYaml } from './yaml.ts';

/** Prints objects one at a time; `text` gives what one object adds to the output. */
export interface ObjectPrinter {
  text(object: KubeObject): string;
  /** For custom-columns: all rows of a list are laid out together. */
  readonly isColumns: boolean;
}

const FORMATS =
  'custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,template,templatefile,wide,yaml';
const CREATE_FORMATS = 'go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,name,template,templatefile,yaml';

function withoutManagedFields(object: KubeObject): KubeObject {
  const list = (object as unknown as { items?: KubeObject[] }).items;
  if (list) return { ...object, items: list.map(withoutManagedFields) } as unknown as KubeObject;
  if (!object.metadata?.managedFields) return object;
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** `pod/web`, `deployment.apps/web`. */
export function nameOf(object: KubeObject): string {
  const { group } = parseGroupVersion(object.apiVersion);
  const kind = object.kind.toLowerCase();
  return `${group ? `${kind}.${group}` : kind}/${object.metadata.name}`;
}

function jsonPathPrinter(template: string, flags: Flags, asJson: boolean): ObjectPrinter {
  let path: JsonPath;
  try {
    path = parseJsonPath(/\{/.test(template) || asJson ? template : relaxedJsonPath(template));
  } catch (error) {
    throw new CommandError(`error parsing jsonpath ${template}, ${error instanceof Error ? error.message : String(error)}`);
  }
  const allowMissingKeys = flags.on('allow-missing-template-keys');
  return {
    isColumns: false,
    text(object) {
      if (asJson) return toJson(path.find(object, { allowMissingKeys }).flat(), 4);
      try {
        return path.execute(object, { allowMissingKeys });
      } catch (error) {
        const data = JSON.stringify(object, null, 2);
        throw new CommandError(
          `error executing jsonpath "${template}": Error executing template: ${error instanceof Error ? error.message : String(error)}. Printing more information for debugging the template:\n\ttemplate was:\n\t\t${template}\n\tobject given to jsonpath engine was:\n\t\t${data}\n\n`,
        );
      }
    },
  };
}

/** custom-columns: `NAME:.metadata.name,IMAGE:.spec.containers[*].image`. */
function columnsPrinter(spec: string, noHeaders: boolean): ObjectPrinter {
  if (spec === '') throw new CommandError('custom-columns format specified but no custom columns given');
  const columns = spec.split(/,(?![^[]*\])/).map((column) => {
    const colon = column.indexOf(':');
    if (colon < 0) throw new CommandError(`unexpected custom-columns spec: ${column}, expected <header>:<json-path-expr>`);
    return { header: column.slice(0, colon), path: parseJsonPath(relaxedJsonPath(column.slice(colon + 1))) };
  });
  const goText = (value: unknown): string =>
    value === null || value === undefined ? '<none>' : typeof value === 'object' ? goValue(value) : String(value as string);
  return {
    isColumns: true,
    text(object) {
      const items = (object as unknown as { items?: KubeObject[] }).items ?? [object];
      const rows = items.map((item) =>
        columns
          .map(({ path }) => {
            const found = path.find(item, { allowMissingKeys: true }).flat();
            return found.length ? found.map(goText).join(',') : '<none>';
          })
          .join('\t'),
      );
      if (!noHeaders) rows.unshift(columns.map(({ header }) => header).join('\t'));
      return `${alignTabs(rows.join('\n'), tableLayout)}\n`;
    },
  };
}

/** A value as Go's %v prints it: map[a:1], [x y]. */
export function goValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goValue).join(' ')}]`;
  if (value === null || value === undefined) return '<nil>';
  if (typeof value !== 'object') return String(value as string);
  const record = value as Record<string, unknown>;
  return `map[${Object.keys(record)
    .sort()
    .map((key) => `${key}:${goValue(record[key])}`)
    .join(' ')}]`;
}

function fileText(session: Session, path: string, what: string): string {
  const { process } = session;
  const stat = process.files.stat(resolvePath(process.cwd, path));
  if (stat?.kind !== 'file') throw new CommandError(`error reading --template ${path}, open ${path}: no such file or directory\n${what}`);
  return process.files.readText(resolvePath(process.cwd, path));
}

/** The printer -o asks for; undefined for no -o or `wide`. `forGet`: also custom-columns and wide. Throws CommandError. */
export function objectPrinter(session: Session, flags: Flags, forGet: boolean): ObjectPrinter | undefined {
  const output = flags.text('output');
  const equals = output.indexOf('=');
  let format = equals < 0 ? output : output.slice(0, equals);
  let argument = equals < 0 ? undefined : output.slice(equals + 1);
  if (format === '' && flags.given('template') && flags.text('template') !== '')
    [format, argument] = ['go-template', flags.text('template')];
  if (argument === undefined && flags.given('template')) argument = flags.text('template');
  const clean = flags.on('show-managed-fields') ? (object: KubeObject): KubeObject => object : withoutManagedFields;
  const unknown = (): never => {
    throw new CommandError(
      `unable to match a printer suitable for the output format "${output}", allowed formats are: ${forGet ? FORMATS : CREATE_FORMATS}`,
    );
  };
  switch (format) {
    case '':
      return undefined;
    case 'wide':
      return forGet ? undefined : unknown();
    case 'json':
      return { isColumns: false, text: (object) => toJson(clean(object)) };
    case 'yaml': {
      let printed = false;
      return {
        isColumns: false,
        text(object) {
          const separator = printed ? '---\n' : '';
          printed = true;
          return separator + toYaml(clean(object));
        },
      };
    }
    case 'name':
      return {
        isColumns: false,
        text: (object) => ((object as unknown as { items?: KubeObject[] }).items ?? [object]).map((item) => `${nameOf(item)}\n`).join(''),
      };
    case 'jsonpath':
    case 'jsonpath-as-json':
      if (argument === undefined || argument === '') throw new CommandError(`template format specified but no template given`);
      return jsonPathPrinter(argument, flags, format === 'jsonpath-as-json');
    case 'jsonpath-file':
      return jsonPathPrinter(fileText(session, argument ?? '', ''), flags, false);
    case 'go-template':
    case 'template':
    case 'go-template-file':
    case 'templatefile': {
      if (argument === undefined || argument === '') throw new CommandError('template format specified but no template given');
      const source = format.endsWith('file') ? fileText(session, argument, '') : argument;
      const template = parseTemplate(source);
      return { isColumns: false, text: (object) => executeTemplate(template, clean(object)) };
    }
    case 'custom-columns':
      return forGet ? columnsPrinter(argument ?? '', flags.on('no-headers')) : unknown();
    case 'custom-columns-file': {
      if (!forGet) return unknown();
      const [headers = '', paths = ''] = fileText(session, argument ?? '', '').split('\n');
      const names = headers.trim().split(/\s+/);
      return columnsPrinter(
        paths
          .trim()
          .split(/\s+/)
          .map((path, at) => `${names[at] ?? ''}:${path}`)
          .join(','),
        flags.on('no-headers'),
      );
    }
    default:
      return unknown();
  }
}
