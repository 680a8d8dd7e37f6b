// Access modes of volumes and claims: their names, their short forms in tables, and what is wrong with a list of them.
import { notSupported, required, invalid, type FieldError, type FieldPath } from '#apimachinery';

const shortForms: Readonly<Record<string, string>> = Object.freeze({
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
});

/** `RWO,RWX`: each mode once, in the order kubectl prints them. */
export function formatAccessModes(modes: readonly string[] | undefined): string {
  return Object.keys(shortForms)
    .filter((mode) => modes?.includes(mode))
    .map((mode) => shortForms[mode])
    .join(',');
}

/** At least one mode, each of them known, ReadWriteOncePod alone. */
export function validateAccessModes(modes: readonly string[] | undefined, at: FieldPath, whenMissing: string): FieldError[] {
  if (!modes?.length) return [required(at, whenMissing)];
  const errors = modes
    .filter((mode) => !Object.hasOwn(shortForms, mode))
    .map((mode) => notSupported(at, mode, Object.keys(shortForms).toSorted()));
  if (modes.includes('ReadWriteOncePod') && modes.length > 1)
    errors.push(invalid(at, modes, 'may not use ReadWriteOncePod with other access modes'));
  return errors;
}
