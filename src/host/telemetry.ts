/**
 * How work is seen: logs, spans (W3C trace context, OpenTelemetry names), Prometheus metrics and live facts.
 * They leave a machine over the management channel in batches and cost next to nothing while nobody looks.
 */

/** Values of labels and attributes. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A piece of work under way. */
export interface Span {
  /** The `traceparent` header value to hand on. */
  readonly traceparent: string;
  end(attributes?: Attributes): void;
}

/** A number that only grows. Label values are given in the order of the label names. */
export interface Counter {
  add(amount?: number, ...labelValues: string[]): void;
}
/** A number that goes up and down. */
export interface Gauge {
  set(value: number, ...labelValues: string[]): void;
}
/** A distribution over fixed buckets. */
export interface Histogram {
  observe(value: number, ...labelValues: string[]): void;
}

/** The metrics of one process, under the real components' names. */
export interface Metrics {
  counter(name: string, help: string, labelNames?: readonly string[]): Counter;
  gauge(name: string, help: string, labelNames?: readonly string[]): Gauge;
  histogram(name: string, help: string, buckets: readonly number[], labelNames?: readonly string[]): Histogram;
  /** Prometheus text exposition, as `/metrics` serves it. */
  text(): string;
}

/** Facts about a component that the map shows live, beside its lifecycle state. */
export interface ComponentFacts {
  /** Raft leader, or holder of its lease. */
  readonly leader?: boolean;
  readonly raft?: {
    readonly role: 'follower' | 'pre-candidate' | 'candidate' | 'leader' | 'learner';
    readonly term: number;
    readonly commit: number;
    readonly applied: number;
  };
  readonly [fact: string]: unknown;
}

/** What a process says of itself. */
export interface Telemetry {
  /** One log line of a component; containers write to stdout and stderr instead. */
  log(level: 'info' | 'warning' | 'error', message: string, attributes?: Attributes): void;
  /** Starts a span; `parent` is a `traceparent` value that came with the work. */
  span(name: string, attributes?: Attributes, parent?: string): Span;
  readonly metrics: Metrics;
  /** Publishes the lifecycle state (of an XState machine) of a component of this machine, with its facts. */
  lifecycle(component: string, state: string, facts?: ComponentFacts): void;
  /** Merges live facts into those of this process's own component. */
  facts(facts: ComponentFacts): void;
}
