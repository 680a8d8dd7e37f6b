// The difference a refused pod update is answered with: the changed fields of the spec in the style of a Go structure.
// Kubernetes prints the neighbouring unchanged fields too; here only what changed is shown.
import { quoteGo, semanticEqual } from '#apimachinery';
import type { PodSpec } from '../types.ts';

const goName = (field: string): string => field.charAt(0).toUpperCase() + field.slice(1);

function goText(value: unknown): string {
  if (value === undefined || value === null) return 'nil';
  if (typeof value === 'string') return quoteGo(value);
  if (Array.isArray(value)) {
    const texts = value.map(goText).join(', ');
    return value.every((item) => typeof item === 'string') ? `[]string{${texts}}` : `{${texts}}`;
  }
  if (typeof value !== 'object') return String(value);
  return `{${Object.entries(value)
    .map(([field, item]) => `${goName(field)}: ${goText(item)}`)
    .join(', ')}}`;
}

type Fields = Readonly<Record<string, unknown>>;
const isNamedList = (value: unknown): value is Fields[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'object' && item !== null && 'name' in item);

function fieldLines(before: Fields, now: Fields, indent: string): string[] {
  const lines: string[] = [];
  for (const field of new Set([...Object.keys(before), ...Object.keys(now)])) {
    const [old, value] = [before[field], now[field]];
    if (semanticEqual(old, value)) continue;
    if (isNamedList(old) && isNamedList(value) && old.length === value.length) {
      lines.push(`  ${indent}${goName(field)}: {`);
      old.forEach((item, index) => {
        const inner = fieldLines(item, value[index] ?? {}, `${indent}\t\t`);
        if (inner.length) lines.push(`  ${indent}\t{`, `  ${indent}\t\tName: ${goText(item['name'])},`, ...inner, `  ${indent}\t},`);
      });
      lines.push(`  ${indent}},`);
      continue;
    }
    lines.push(`- ${indent}${goName(field)}: ${goText(old)},`, `+ ${indent}${goName(field)}: ${goText(value)},`);
  }
  return lines;
}

/** Lines "- old", "+ new" for each changed field. */
export function podSpecDifference(before: PodSpec, now: PodSpec): string {
  return ['  core.PodSpec{', ...fieldLines({ ...before }, { ...now }, '\t'), '  }', ''].join('\n');
}

/** The same for the spec of a claim. */
export function claimSpecDifference(before: object, now: object): string {
  return ['  core.PersistentVolumeClaimSpec{', ...fieldLines({ ...before }, { ...now }, '\t'), '  }', ''].join('\n');
}
