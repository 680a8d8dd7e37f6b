/** The kustomization file: what it may say (kustomize.config.k8s.io/v1beta1), and reading it. */
import type { JsonObject } from '#apimachinery';
import type { Process } from '#host';
import { joinPath } from '#shell';
import { parseDocuments } from '../documents.ts';
import { CommandError } from '../errors.ts';
import type { FieldSpec } from './field-path.ts';
import { isObject } from './resource.ts';

/** Which resources something is for; names, kinds and so on are anchored regular expressions. */
export interface Selector {
  readonly group?: string;
  readonly version?: string;
  readonly kind?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly annotationSelector?: string;
}

/** A patch of either kind, in place or in a file. */
export interface Patch {
  readonly path?: string;
  readonly patch?: string;
  readonly target?: Selector;
  readonly options?: { readonly allowNameChange?: boolean; readonly allowKindChange?: boolean };
}

/** What holds for generated objects. */
export interface GeneratorOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly disableNameSuffixHash?: boolean;
  readonly immutable?: boolean;
}

/** One entry of configMapGenerator or secretGenerator. */
export interface GeneratorArgs {
  readonly name?: string;
  readonly namespace?: string;
  readonly behavior?: string;
  readonly files?: readonly string[];
  readonly literals?: readonly string[];
  readonly envs?: readonly string[];
  readonly env?: string;
  /** Of secrets. */
  readonly type?: string;
  readonly options?: GeneratorOptions;
}

/** A new name, tag or digest for an image. */
export interface ImageChange {
  readonly name: string;
  readonly newName?: string;
  readonly newTag?: string;
  readonly tagSuffix?: string;
  readonly digest?: string;
}

/** One copy of a value to other fields. */
export interface Replacement {
  readonly path?: string;
  readonly source?: Selector & { readonly fieldPath?: string; readonly options?: ReplacementOptions };
  readonly targets?: readonly ReplacementTarget[];
}
/** Where a replaced value goes. */
export interface ReplacementTarget {
  readonly select?: Selector;
  readonly reject?: readonly Selector[];
  readonly fieldPaths?: readonly string[];
  readonly options?: ReplacementOptions;
}
/** A part of the value instead of all of it; making what is missing. */
export interface ReplacementOptions {
  readonly delimiter?: string;
  readonly index?: number;
  readonly create?: boolean;
}

/** The file's fields. */
export interface Kustomization {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly resources?: readonly string[];
  readonly bases?: readonly string[];
  readonly components?: readonly string[];
  readonly namePrefix?: string;
  readonly nameSuffix?: string;
  readonly namespace?: string;
  readonly commonLabels?: Readonly<Record<string, string>>;
  readonly labels?: readonly {
    readonly pairs?: Readonly<Record<string, string>>;
    readonly includeSelectors?: boolean;
    readonly includeTemplates?: boolean;
    readonly fields?: readonly FieldSpec[];
  }[];
  readonly commonAnnotations?: Readonly<Record<string, string>>;
  readonly patches?: readonly Patch[];
  readonly patchesStrategicMerge?: readonly string[];
  readonly patchesJson6902?: readonly Patch[];
  readonly images?: readonly ImageChange[];
  readonly imageTags?: readonly ImageChange[];
  readonly replicas?: readonly { readonly name: string; readonly count: number }[];
  readonly replacements?: readonly Replacement[];
  readonly configMapGenerator?: readonly GeneratorArgs[];
  readonly secretGenerator?: readonly GeneratorArgs[];
  readonly generatorOptions?: GeneratorOptions;
  readonly sortOptions?: {
    readonly order?: string;
    readonly legacySortOptions?: { readonly orderFirst?: readonly string[]; readonly orderLast?: readonly string[] };
  };
}

const KNOWN =
  'apiVersion kind metadata openapi namePrefix nameSuffix namespace commonLabels labels commonAnnotations patchesStrategicMerge patchesJson6902 patches images imageTags replacements replicas vars sortOptions resources components crds bases configMapGenerator secretGenerator helmGlobals helmCharts helmChartInflationGenerator generatorOptions configurations generators transformers validators inventory buildMetadata'.split(
    ' ',
  );

/** Fields that need programs or files the lab does not run. */
const UNSUPPORTED =
  'vars crds helmGlobals helmCharts helmChartInflationGenerator configurations generators transformers validators openapi inventory'.split(
    ' ',
  );

const FILE_NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

const DEPRECATED: readonly (readonly [field: string, instead: string])[] = [
  ['bases', 'resources'],
  ['commonLabels', 'labels'],
  ['imageTags', 'images'],
  ['patchesJson6902', 'patches'],
  ['patchesStrategicMerge', 'patches'],
];

function parse(text: string, fileName: string): JsonObject {
  let documents: unknown[];
  try {
    documents = parseDocuments(text, fileName);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(`invalid Kustomization: ${error.message.replace(/^.*error converting YAML to JSON: /, '')}`);
  }
  const [value] = documents;
  if (value === undefined) throw new CommandError('kustomization.yaml is empty');
  if (!isObject(value))
    throw new CommandError('invalid Kustomization: json: cannot unmarshal array into Go value of type types.Kustomization');
  const unknown = Object.keys(value).find((field) => !KNOWN.includes(field));
  if (unknown !== undefined) throw new CommandError(`invalid Kustomization: json: unknown field "${unknown}"`);
  for (const [field, shape] of Object.entries(SHAPES)) checkShape(value[field], shape, `Kustomization.${field}`);
  return value;
}

type Shape = 'text' | 'texts' | 'map' | 'count' | readonly [type: string, fields: Readonly<Record<string, Shape>>];

const GENERATOR: Readonly<Record<string, Shape>> = {
  name: 'text',
  namespace: 'text',
  behavior: 'text',
  files: 'texts',
  literals: 'texts',
  envs: 'texts',
  env: 'text',
  type: 'text',
};
const PATCH: Shape = ['Patch', { path: 'text', patch: 'text' }];
const SHAPES: Readonly<Record<string, Shape>> = {
  namePrefix: 'text',
  nameSuffix: 'text',
  namespace: 'text',
  resources: 'texts',
  bases: 'texts',
  components: 'texts',
  patchesStrategicMerge: 'texts',
  commonLabels: 'map',
  commonAnnotations: 'map',
  labels: ['Label', { pairs: 'map' }],
  images: ['Image', { name: 'text', newName: 'text', newTag: 'text', digest: 'text', tagSuffix: 'text' }],
  replicas: ['Replica', { name: 'text', count: 'count' }],
  patches: PATCH,
  patchesJson6902: PATCH,
  configMapGenerator: ['ConfigMapArgs', GENERATOR],
  secretGenerator: ['SecretArgs', GENERATOR],
};

const goTypeOf = (value: unknown): string =>
  Array.isArray(value)
    ? 'array'
    : typeof value === 'boolean'
      ? 'bool'
      : typeof value === 'number'
        ? 'number'
        : typeof value === 'string'
          ? 'string'
          : 'object';

/** Refuses values of a wrong type, as Go's decoder does. `path` is `Image.images.newTag`. */
function checkShape(value: unknown, shape: Shape, path: string): void {
  const refuse = (found: unknown, wanted: string): never => {
    throw new CommandError(
      `invalid Kustomization: json: cannot unmarshal ${goTypeOf(found)} into Go struct field ${path} of type ${wanted}`,
    );
  };
  if (value === undefined || value === null) return;
  if (shape === 'text') return typeof value === 'string' ? undefined : refuse(value, 'string');
  if (shape === 'count') return Number.isInteger(value) ? undefined : refuse(value, 'int64');
  if (shape === 'map') {
    if (!isObject(value)) return refuse(value, 'map[string]string');
    const wrong = Object.values(value).find((one) => typeof one !== 'string' && one !== null);
    return wrong === undefined ? undefined : refuse(wrong, 'string');
  }
  if (shape === 'texts') {
    if (!Array.isArray(value)) return refuse(value, '[]string');
    const wrong: unknown = value.find((one) => typeof one !== 'string');
    return wrong === undefined ? undefined : refuse(wrong, 'string');
  }
  const [type, fields] = shape;
  if (!Array.isArray(value)) return refuse(value, `[]types.${type}`);
  const field = path.slice(path.indexOf('.') + 1);
  for (const item of value as unknown[]) {
    if (!isObject(item)) return refuse(item, `types.${type}`);
    for (const [name, inner] of Object.entries(fields)) checkShape(item[name], inner, `${type}.${field}.${name}`);
  }
}

/** Reads the kustomization of a directory and warns of deprecated fields. Throws CommandError in kustomize's words. */
export async function loadKustomization(process: Process, root: string): Promise<Kustomization> {
  const { files } = process;
  const found = FILE_NAMES.filter((name) => files.stat(joinPath(root, name))?.kind === 'file');
  if (found.length === 0)
    throw new CommandError(`unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '${root}'`);
  if (found.length > 1) throw new CommandError(`Found multiple kustomization files under: ${root}\n`);
  const value = parse(files.readText(joinPath(root, found[0]!)), found[0]!);
  for (const [field, instead] of DEPRECATED)
    if (field in value)
      await process.stderr.write(
        `# Warning: '${field}' is deprecated. Please use '${instead}' instead. Run 'kustomize edit fix' to update your Kustomization automatically.\n`,
      );
  if (Object.keys(value).every((field) => field === 'apiVersion' || field === 'kind'))
    throw new CommandError('kustomization.yaml is empty');
  const kustomization = value as Kustomization;
  const kind = kustomization.kind ?? 'Kustomization';
  const problems: string[] = [];
  if (kind !== 'Kustomization' && kind !== 'Component') problems.push('kind should be Kustomization or Component');
  const apiVersion = `kustomize.config.k8s.io/${kind === 'Component' ? 'v1alpha1' : 'v1beta1'}`;
  if (kustomization.apiVersion !== undefined && kustomization.apiVersion !== apiVersion && problems.length === 0)
    problems.push(`apiVersion for ${kind} should be ${apiVersion}`);
  if (problems.length > 0) throw new CommandError(`Failed to read kustomization file under ${root}:\n${problems.join('\n')}`);
  const unsupported = UNSUPPORTED.find((field) => field in value);
  if (unsupported !== undefined) throw new CommandError(`the lab's kustomize does not know the field '${unsupported}'`);
  return kustomization;
}
