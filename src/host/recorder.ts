/** What a machine's processes say of themselves, gathered for the management channel in bounded buffers. */
import type { ComponentFacts } from './telemetry.ts';

/** A finished span. Times are the machine's monotonic milliseconds. */
export interface RecordedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly component: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

/** A log line of a component. */
export interface RecordedLog {
  readonly component: string;
  readonly level: 'info' | 'warning' | 'error';
  readonly atMs: number;
  readonly message: string;
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
}

/** Lifecycle state and facts of a component, as last told. */
export interface ComponentRecord {
  readonly name: string;
  state: string;
  facts: ComponentFacts;
}

/** Everything since the last `take`. `components` lists those that changed. */
export interface TelemetryRecords {
  readonly components: readonly ComponentRecord[];
  readonly spans: readonly RecordedSpan[];
  readonly logs: readonly RecordedLog[];
  readonly dropped: number;
}

/** Spans and log lines kept until taken. */
const BUFFER_BOUND = 2_000;
/** Log lines of each component kept for `journalctl` and the inspector. */
const JOURNAL_BOUND = 500;

/** The recorder of one machine. */
export interface Recorder {
  span(span: RecordedSpan): void;
  log(log: RecordedLog): void;
  lifecycle(component: string, state: string, facts: ComponentFacts | undefined): void;
  facts(component: string, facts: ComponentFacts): void;
  /** A bug of the machine or of a program: kept as an error of component `machine`. */
  fault(error: unknown): void;
  take(): TelemetryRecords;
  components(): readonly ComponentRecord[];
  journal(component: string): readonly RecordedLog[];
  onRecord(listener: () => void): void;
}

/** An empty recorder. */
export function createRecorder(nowMs: () => number): Recorder {
  const components = new Map<string, ComponentRecord>();
  const journals = new Map<string, RecordedLog[]>();
  let changed = new Set<string>();
  let spans: RecordedSpan[] = [];
  let logs: RecordedLog[] = [];
  let dropped = 0;
  let listener: (() => void) | undefined;
  const told = (): void => listener?.();
  const keep = <T>(buffer: T[], item: T): void => {
    if (buffer.length < BUFFER_BOUND) buffer.push(item);
    else dropped++;
    told();
  };
  const componentOf = (name: string): ComponentRecord => {
    let record = components.get(name);
    if (!record) {
      record = { name, state: 'stopped', facts: {} };
      components.set(name, record);
    }
    changed.add(name);
    return record;
  };
  const recorder: Recorder = {
    span: (span) => keep(spans, span),
    log(log) {
      const journal = journals.get(log.component) ?? [];
      journal.push(log);
      if (journal.length > JOURNAL_BOUND) journal.splice(0, journal.length - JOURNAL_BOUND);
      journals.set(log.component, journal);
      keep(logs, log);
    },
    lifecycle(component, state, facts) {
      const record = componentOf(component);
      record.state = state;
      if (facts) record.facts = { ...record.facts, ...facts };
      told();
    },
    facts(component, facts) {
      const record = componentOf(component);
      record.facts = { ...record.facts, ...facts };
      told();
    },
    fault(error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      recorder.log({ component: 'machine', level: 'error', atMs: nowMs(), message });
    },
    take() {
      const records: TelemetryRecords = { components: [...changed].map((name) => ({ ...components.get(name)! })), spans, logs, dropped };
      changed = new Set();
      spans = [];
      logs = [];
      dropped = 0;
      return records;
    },
    components: () => [...components.values()],
    journal: (component) => journals.get(component) ?? [],
    onRecord(newListener) {
      listener = newListener;
    },
  };
  return recorder;
}
