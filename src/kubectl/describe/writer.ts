/** What descriptions are written with: lines at a level of indent, cells aligned at the end; labels, times and events as kubectl shows them. */
import { ageOf, maybeParseTime, type KubeObject } from '#apimachinery';
import { alignTabs, describeLayout } from '../printers/tabs.ts';
import { LAST_APPLIED } from '../last-applied.ts';

/** Collects the lines of one description. */
export class DescriptionWriter {
  private readonly lines: string[] = [];

  /** One line (or several), indented by two blanks a level; tabs end cells. */
  line(level: number, text: string): void {
    this.lines.push(...text.split('\n').map((one, at) => (at === 0 ? '  '.repeat(level) + one : one)));
  }

  /** `Labels:` and one pair a line. */
  pairs(label: string, pairs: Readonly<Record<string, string>> | undefined, separator = '='): void {
    const names = Object.keys(pairs ?? {}).sort();
    if (names.length === 0) this.lines.push(`${label}:\t<none>`);
    names.forEach((name, at) => this.lines.push(`${at === 0 ? `${label}:` : ''}\t${name}${separator}${pairs![name]!}`));
  }

  /** Annotations; the one of kubectl apply is left out, long ones are cut. */
  annotations(pairs: Readonly<Record<string, string>> | undefined): void {
    const names = Object.keys(pairs ?? {})
      .filter((name) => name !== LAST_APPLIED)
      .sort();
    if (names.length === 0) this.lines.push('Annotations:\t<none>');
    names.forEach((name, at) => {
      const value = pairs![name]!.replace(/\n$/, '');
      const head = at === 0 ? 'Annotations:\t' : '\t';
      if (value.length + name.length + 2 < MAX_ANNOTATION_LENGTH && !value.includes('\n')) this.lines.push(`${head}${name}: ${value}`);
      else {
        this.lines.push(`${head}${name}:`);
        for (const line of value.split('\n'))
          this.lines.push(`\t  ${line.length > MAX_ANNOTATION_LENGTH ? `${line.slice(0, MAX_ANNOTATION_LENGTH)}...` : line}`);
      }
    });
  }

  /** The whole text with its tabs, not aligned: where kubectl writes a description straight out. */
  textWithTabs(): string {
    return `${this.lines.join('\n')}\n`;
  }

  /** The whole text. */
  text(): string {
    return `${alignTabs(this.lines.join('\n'), describeLayout)}\n`;
  }
}

const MAX_ANNOTATION_LENGTH = 140;
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** RFC 1123 with a numeric zone: Fri, 20 Nov 2026 10:48:43 +0000. */
export function longTime(text: string | undefined | null): string {
  const ms = maybeParseTime(text);
  if (ms === undefined) return 'Mon, 01 Jan 0001 00:00:00 +0000';
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${DAYS[date.getUTCDay()]!}, ${two(date.getUTCDate())} ${MONTHS[date.getUTCMonth()]!} ${date.getUTCFullYear()} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} +0000`;
}

/** An event as descriptions need it. */
export interface EventFacts extends KubeObject {
  type?: string;
  reason?: string;
  message?: string;
  count?: number;
  firstTimestamp?: string | null;
  lastTimestamp?: string | null;
  eventTime?: string | null;
  series?: { count?: number; lastObservedTime?: string } | null;
  source?: { component?: string };
  reportingComponent?: string;
}

const lastSeen = (event: EventFacts): string | undefined =>
  event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? undefined;
const firstSeen = (event: EventFacts): string | undefined => event.firstTimestamp ?? event.eventTime ?? undefined;

/** The events of an object; nothing where they were not asked for. */
export function writeEvents(writer: DescriptionWriter, events: readonly EventFacts[] | undefined, nowMs: number): void {
  if (!events) return;
  if (events.length === 0) return writer.line(0, 'Events:\t<none>');
  writer.line(0, 'Events:');
  writer.line(1, 'Type\tReason\tAge\tFrom\tMessage');
  writer.line(1, '----\t------\t----\t----\t-------');
  // By lastTimestamp alone, as kubectl sorts: events of the newer API (the scheduler's) have none and come first.
  const order = ({ lastTimestamp }: EventFacts): number => maybeParseTime(lastTimestamp ?? undefined) ?? 0;
  for (const event of [...events].sort((a, b) => order(a) - order(b))) {
    const count = event.series?.count ?? event.count ?? 1;
    const age =
      count > 1 ? `${ageOf(lastSeen(event), nowMs)} (x${count} over ${ageOf(firstSeen(event), nowMs)})` : ageOf(firstSeen(event), nowMs);
    writer.line(
      1,
      `${event.type ?? ''}\t${event.reason ?? ''}\t${age}\t${event.source?.component || event.reportingComponent || ''}\t${(event.message ?? '').trim()}`,
    );
  }
}
