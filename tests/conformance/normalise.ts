/** Takes out of a text what differs from run to run: times, ages, uids, random names, addresses. The same rules made the recordings. */

const RANDOM = 'bcdfghjklmnpqrstvwxz2456789';
const rules: readonly (readonly [RegExp, string])[] = [
  [/https?:\/\/(127\.0\.0\.1|localhost):\d+/g, '<server>'],
  [/-----BEGIN [A-Z ]+-----[\s\S]*?-----END [A-Z ]+-----/g, '<pem>'],
  [/\b(LIVE|MERGED|kubectl-edit)-\d+/g, '$1-<n>'],
  [/(resourceVersion\\+":\\+")\d+/g, '$1<rv>'],
  [/(?<![0-9a-f])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uid>'],
  [/\beyJ[\w-]{10,}\.[\w-]+\.[\w-]+/g, '<jwt>'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>'],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4}( [A-Z]{3,4}\b)?( m=[+-][\d.]+)?/g, '<time>'],
  [/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, '<time>'],
  [/\b[IWEF]\d{4} \d\d:\d\d:\d\d\.\d+\s+\d+ (\S+?):\d+\]/g, '<klog> $1]'],
  [/("?resourceVersion"?: ?)"\d+"/g, '$1"<rv>"'],
  [/(Resource ?Version:\s+)\d+/g, '$1<rv>'],
  [/\b10\.96\.(?!0\.1\b|0\.10\b)\d+\.\d+/g, '<clusterIP>'],
  [/\b10\.244\.[0-9]\.\d+(?!\.|\/)\b/g, '<podIP>'],
  [/(containerd:\/\/)[0-9a-f]{64}/g, '$1<id>'],
  [/(sha256:|X509SHA256=)[0-9a-f]{64}/g, '$1<digest>'],
  [/((?:Machine ID|machineID)"?:\s+"?)[0-9a-f]{32}/g, '$1<id>'],
  [new RegExp(`kube-api-access-[${RANDOM}]{5}`, 'g'), 'kube-api-access-<rand>'],
  [new RegExp(`-[456789bcdf]{8,10}-[${RANDOM}]{5}\\b`, 'g'), '-<hash>-<rand>'],
  [/-[456789bcdf]{8,10}\b(?![.\w])/g, '-<hash>'],
  [/(pod-template-hash|controller-revision-hash)(=|: ?"?|": ?")[\w.-]+/g, '$1$2<hash>'],
];
const age = /(?<![\w.:/=-])(?:\d+y)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?![\w.])/g;
const nodePort = /(nodePort"?: )(3[0-2]\d{3})\b|(:)(3[0-2]\d{3})(?=\/(?:TCP|UDP))|(NodePort:.*?\s)(3[0-2]\d{3})(?=\/(?:TCP|UDP))/g;
/** A table that holds one of these has widths that mean nothing. */
const widthVaries = /<(age|hash|rand|podIP|clusterIP|nodePort|uid|time)>/;

const squeezed = (line: string): string => line.replace(/(\S) {2,}(?=\S)/g, '$1   ').trimEnd();

function withoutAges(line: string, kept: string): string {
  const aged = line.replace(age, (found: string, at: number) => {
    if (found === '') return found;
    // "100m" may be an amount of CPU.
    const isAmount =
      /^\d+m$/.test(found) &&
      (kept.includes(found) || /cpu\W*$/.test(line.slice(0, at)) || /^ \(\d+%\)/.test(line.slice(at + found.length)));
    return isAmount ? found : '<age>';
  });
  return aged.includes('<') ? aged.replace(/(\S)( {2,})(?=\S)/g, '$1   ').trimEnd() : aged;
}

/** Differences of objects have blanks of one kind or the other, as each server happened to start. */
export const plainBlanks = (text: string): string => text.replaceAll('\u00a0', ' ');

/** The text with everything that varies replaced. `known`: random names met so far; `kept`: the scenario's own text, whose numbers stay. */
export function normalise(text: string, known: ReadonlyMap<string, string>, kept = ''): string {
  let out = plainBlanks(text);
  for (const [from, to] of known) out = out.replaceAll(from, to);
  for (const [pattern, to] of rules) out = out.replace(pattern, to);
  out = out.replace(nodePort, (all: string, a?: string, p1?: string, b?: string, p2?: string, c?: string, p3?: string) =>
    kept.includes(p1 ?? p2 ?? p3 ?? '') ? all : `${a ?? b ?? c}<nodePort>`,
  );
  const lines = out.split('\n').map((line) => withoutAges(line, kept));
  if (!lines.some((line) => widthVaries.test(line))) return lines.join('\n');
  return lines.map((line) => (/^[A-Z][A-Z()\- ]+( {2,}|$)/.test(line) || widthVaries.test(line) ? squeezed(line) : line)).join('\n');
}

interface Named {
  readonly kind?: string;
  readonly metadata: { readonly name: string; readonly generateName?: string; readonly labels?: Readonly<Record<string, string>> };
}

/** Remembers the random parts of the names of objects, longest first, so that a name is replaced before a part of it. */
export function learn(objects: readonly Named[], known: Map<string, string>): void {
  for (const { kind, metadata } of objects) {
    const { name, generateName, labels } = metadata;
    const hash = labels?.['pod-template-hash'];
    const revision = labels?.['controller-revision-hash'];
    if (generateName && name.startsWith(generateName) && name.length > generateName.length)
      known.set(name, `${hash ? generateName.replace(hash, '<hash>') : generateName}<rand>`);
    if (hash && kind === 'ReplicaSet') known.set(name, name.replace(hash, '<hash>'));
    if (revision && /^[\w.-]+$/.test(revision)) known.set(revision.split('-').at(-1)!, '<hash>');
    if (hash) known.set(hash, '<hash>');
  }
  const sorted = [...known].sort(([a], [b]) => b.length - a.length);
  known.clear();
  for (const [from, to] of sorted) known.set(from, to);
}
