/** What etcdctl says of a call that failed: the client's warning line, and the error it ends with. */
import { NotSentError } from '#etcd/client';
import { RpcError, type Process } from '#host';

/** A line of etcd's client logger. */
export function logLine(process: Process, level: 'info' | 'warn' | 'fatal', fields: Readonly<Record<string, string | number>>): string {
  const ts = new Date(process.clock.wallMs()).toISOString().replace('Z', '000Z');
  return `${JSON.stringify({ level, ts, ...fields })}\n`;
}

/** The text of the error that etcdctl prints; calls that got no answer also leave clientv3's warning on standard error. */
export async function failureOf(process: Process, failure: unknown, target: string): Promise<string> {
  if (!(failure instanceof RpcError)) throw failure;
  if (failure instanceof NotSentError || failure.code === 'DeadlineExceeded') {
    const cause =
      failure instanceof NotSentError
        ? `latest balancer error: last connection error: ${failure.message.replace('dialing: connect:', `dialing: dial tcp ${target.replace(/^https?:\/\//, '')}: connect:`)}`
        : failure.message;
    await process.stderr.write(
      logLine(process, 'warn', {
        logger: 'etcd-client',
        caller: 'v3@v3.5.21/retry_interceptor.go:63',
        msg: 'retrying of unary invoker failed',
        target: `etcd-endpoints://0xc000178000/${target.replace(/^https?:\/\//, '')}`,
        attempt: 0,
        error: `rpc error: code = DeadlineExceeded desc = ${cause}`,
      }),
    );
    return 'context deadline exceeded';
  }
  if (failure.code === 'Unavailable' && !failure.message.startsWith('etcdserver:'))
    return `rpc error: code = Unavailable desc = ${failure.message}`;
  return failure.message;
}
