/** Log lines of components as klog writes them to standard error: severity, time, process id, source, message. */
import type { Process, Telemetry } from '#host';

const LETTERS = { info: 'I', warning: 'W', error: 'E' } as const;

/** `I1121 00:22:22.000000       1 kube-scheduler] message`. Where klog names a Go file and line stands the component's name. */
export function klogLine(level: 'info' | 'warning' | 'error', wallMs: number, pid: number, source: string, message: string): string {
  const iso = new Date(wallMs).toISOString();
  return `${LETTERS[level]}${iso.slice(5, 7)}${iso.slice(8, 10)} ${iso.slice(11, 23)}000 ${String(pid).padStart(7)} ${source}] ${message}\n`;
}

/** The telemetry of a containerized component: log lines go to its standard error, everything else as it is. */
export function klogTelemetry(process: Process): Telemetry {
  const { telemetry } = process;
  const lost = telemetry.metrics.counter('component_log_lines_lost_total', 'Log lines that nobody took because standard error was closed.');
  return {
    metrics: telemetry.metrics,
    span: (name, attributes, parent) => telemetry.span(name, attributes, parent),
    lifecycle: (component, state, facts) => telemetry.lifecycle(component, state, facts),
    facts: (facts) => telemetry.facts(facts),
    log(level, message) {
      const line = klogLine(level, process.clock.wallMs(), process.pid, process.name, message);
      process.stderr.write(line).catch(() => lost.add());
    },
  };
}
