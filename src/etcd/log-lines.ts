/** etcd's log: every line also goes to standard error, as the JSON that its logger (zap) writes there, without the names of Go files. */
import type { Process, Telemetry } from '#host';

const LEVELS = { info: 'info', warning: 'warn', error: 'error', fatal: 'fatal' } as const;

/** A line at a time: `{"level":"info","ts":"2026-01-05T09:00:41.344000Z","msg":"…"}`. */
export function logLine(
  level: keyof typeof LEVELS,
  wallMs: number,
  message: string,
  fields: Readonly<Record<string, unknown>> = {},
): string {
  const ts = new Date(wallMs).toISOString().replace('Z', '000Z');
  return `${JSON.stringify({ level: LEVELS[level], ts, msg: message, ...fields })}\n`;
}

/** The same process, whose log lines are written to its standard error too. */
export function withLogLines(process: Process): Process {
  const { telemetry, clock, stderr } = process;
  const lost = telemetry.metrics.counter('component_log_lines_lost_total', 'Log lines that nobody took because standard error was closed.');
  const told: Telemetry = {
    ...telemetry,
    log(level, message, attributes) {
      telemetry.log(level, message, attributes);
      stderr.write(logLine(level, clock.wallMs(), message, attributes)).catch(() => lost.add());
    },
  };
  return Object.create(process, { telemetry: { value: told } }) as Process;
}
