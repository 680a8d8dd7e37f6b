/** The policy of a namespace, from its labels, and what a pod violates of it (pod-security-admission api, policy/registry). */
import { invalid, path, type FieldError } from '#apimachinery';
import type { PodSpec } from '#api';
import { baselineChecks } from './baseline.ts';
import type { Finding, PodCheck } from './containers.ts';
import { overriddenChecks, restrictedChecks } from './restricted.ts';

/** The standards, the freest first. */
export const levels = ['privileged', 'baseline', 'restricted'] as const;
type Level = (typeof levels)[number];

/** A standard in a version of it: "restricted:latest". */
export interface LevelVersion {
  readonly level: Level;
  readonly version: string;
}

/** What is refused, what is only warned of. Auditing is a standard of its own, which nothing here writes. */
export interface NamespacePolicy {
  readonly enforce: LevelVersion;
  readonly warn: LevelVersion;
}

const prefix = 'pod-security.kubernetes.io/';
const field = path('metadata', 'labels');

const isLevel = (text: string): text is Level => (levels as readonly string[]).includes(text);

/** Reads a namespace's labels; a level nobody knows is refused by none and enforced as restricted. */
export function policyOf(labels: Readonly<Record<string, string>> = {}): { policy: NamespacePolicy; errors: FieldError[] } {
  const errors: FieldError[] = [];
  const read = (mode: string): LevelVersion => {
    const [levelKey, versionKey] = [`${prefix}${mode}`, `${prefix}${mode}-version`];
    const [level = 'privileged', version = 'latest'] = [labels[levelKey], labels[versionKey]];
    if (!isLevel(level)) errors.push(invalid(field.key(levelKey), level, `must be one of ${levels.join(', ')}`));
    if (!/^(latest|v1\.\d+)$/.test(version)) errors.push(invalid(field.key(versionKey), version, 'must be "latest" or "v1.x"'));
    return { level: isLevel(level) ? level : mode === 'enforce' ? 'restricted' : 'privileged', version };
  };
  const [enforce, , warn] = [read('enforce'), read('audit'), read('warn')];
  return { policy: { enforce, warn }, errors };
}

function checksOf(level: Level): readonly PodCheck[] {
  if (level === 'privileged') return [];
  return level === 'baseline' ? baselineChecks : [...baselineChecks.filter(({ id }) => !overriddenChecks.has(id)), ...restrictedChecks];
}

/** What a pod violates of a standard, in the order of its checks. */
export function violations(
  { level }: LevelVersion,
  spec: PodSpec,
  annotations: Readonly<Record<string, string>> = {},
): readonly NonNullable<Finding>[] {
  return checksOf(level)
    .map((check) => check.run(spec, annotations))
    .filter((finding): finding is NonNullable<Finding> => finding !== undefined);
}

/** "reason (detail), reason (detail)" */
export function detailText(found: readonly NonNullable<Finding>[]): string {
  return found.map(({ reason, detail }) => `${reason} (${detail})`).join(', ');
}

/** "restricted:latest" */
export const levelText = ({ level, version }: LevelVersion): string => `${level}:${version}`;
