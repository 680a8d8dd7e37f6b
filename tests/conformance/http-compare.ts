/** Compares an answer with a recorded one, in which names of things that differ from run to run stand as <placeholders>. */

/** Where the first difference is, or undefined. */
export function difference(recorded: unknown, actual: unknown, path = ''): string | undefined {
  if (typeof recorded === 'string') return textDifference(recorded, actual, path);
  if (Array.isArray(recorded)) {
    if (!Array.isArray(actual)) return `${path}: recorded a list, got ${JSON.stringify(actual)?.slice(0, 80)}`;
    if (recorded.length !== actual.length) return `${path}: recorded ${recorded.length} elements, got ${actual.length}`;
    for (const [at, value] of recorded.entries()) {
      const found = difference(value, actual[at], `${path}[${at}]`);
      if (found) return found;
    }
    return undefined;
  }
  if (recorded !== null && typeof recorded === 'object') {
    if (actual === null || typeof actual !== 'object' || Array.isArray(actual))
      return `${path}: recorded an object, got ${JSON.stringify(actual)?.slice(0, 80)}`;
    return objectDifference(recorded as Record<string, unknown>, actual as Record<string, unknown>, path);
  }
  return recorded === actual ? undefined : `${path}: recorded ${JSON.stringify(recorded)}, got ${JSON.stringify(actual)?.slice(0, 80)}`;
}

function objectDifference(recorded: Record<string, unknown>, actual: Record<string, unknown>, path: string): string | undefined {
  const keys = new Set([...Object.keys(recorded), ...Object.keys(actual)]);
  for (const key of keys) {
    const at = path ? `${path}.${key}` : key;
    if (!(key in actual)) return `${at}: missing, recorded ${JSON.stringify(recorded[key]).slice(0, 80)}`;
    if (!(key in recorded)) return `${at}: not recorded, got ${JSON.stringify(actual[key])?.slice(0, 80)}`;
    const found = difference(recorded[key], actual[key], at);
    if (found) return found;
  }
  return undefined;
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function textDifference(recorded: string, actual: unknown, path: string): string | undefined {
  if (recorded === actual) return undefined;
  const placeholder = /<(uid|time|age|rv|hash|rand|podIP|clusterIP|nodePort|jwt|id|digest|pem|server|n|continue|token|date|link)>/;
  if (placeholder.test(recorded)) {
    // The recorder made every run of blanks beside a placeholder three wide.
    const evenly = (text: string): string => text.replace(/ {2,}/g, '   ');
    const shape = evenly(recorded)
      .split(new RegExp(placeholder, 'g'))
      .filter((_, at) => at % 2 === 0);
    if (new RegExp(`^${shape.map(escape).join('[\\s\\S]+?')}$`).test(evenly(String(actual)))) return undefined;
  }
  return `${path}: recorded ${JSON.stringify(recorded).slice(0, 400)}, got ${(JSON.stringify(actual) ?? 'nothing').slice(0, 400)}`;
}
