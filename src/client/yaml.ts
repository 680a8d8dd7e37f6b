/** YAML of the cluster's own files: kubeconfigs, manifests, configurations of components. Lines are not folded, lists not indented, as Go writes them. */
import { parse, stringify } from 'yaml';

/** The value of a text. Throws YAMLParseError. */
export const readYaml = (text: string): unknown => parse(text) as unknown;

/** The text of a value. */
export const writeYaml = (value: object): string => stringify(value, { lineWidth: 0, indentSeq: false });
