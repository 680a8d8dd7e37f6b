/**
 * ping: whether a machine or pod is there and how far away. The lab's network has connections and datagrams but no ICMP, so a
 * probe is a connection to the echo port: a refusal is as good an answer as an echo, and its time is the real round trip.
 */
import { NetworkError, type Process } from '#host';
import { applet, UsageError, wholeNumber } from '../applet.ts';
import { addressesOf } from '../resolve.ts';

const ECHO_PORT = 7;
const DEFAULT_WAIT_S = 10;

/** Round trip in milliseconds; the text of a router's refusal; undefined where nothing came back. */
async function probe(process: Process, address: string, timeoutMs: number): Promise<number | string | undefined> {
  const startMs = process.clock.monotonicMs();
  try {
    (await process.network.dial(address, ECHO_PORT, { timeoutMs })).reset();
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    if (error.code === 'EHOSTUNREACH') return 'Destination Host Unreachable';
    if (error.code !== 'ECONNREFUSED') return undefined;
  }
  return process.clock.monotonicMs() - startMs;
}

/** ping -c COUNT -i SECONDS -W SECONDS -q HOST */
export const ping = applet({ flags: 'q4n', values: 'ciWws' }, async (process, options) => {
  const [name] = options.operands;
  if (name === undefined) throw new UsageError('usage error: Destination address required', 2);
  const [address] = await addressesOf(process, name);
  if (address === undefined) throw new UsageError(`${name}: Name or service not known`, 2);
  const count = options.has('c') ? wholeNumber(options.value('c')!, 'invalid argument') : Infinity;
  const pauseMs = Number(options.value('i') ?? 1) * 1000;
  const timeoutMs = Number(options.value('W') ?? DEFAULT_WAIT_S) * 1000;
  const times: number[] = [];
  let sent = 0;
  let interrupted = false;
  let wake: (() => void) | undefined;
  process.onSignal('INT', () => {
    interrupted = true;
    wake?.();
  });
  const startMs = process.clock.monotonicMs();
  await process.stdout.write(`PING ${name} (${address}) 56(84) bytes of data.\n`);
  while (sent < count && !interrupted) {
    sent++;
    const interruption = new Promise<undefined>((resolve) => (wake = () => resolve(undefined)));
    const result = await Promise.race([probe(process, address, timeoutMs), interruption]);
    if (typeof result === 'number') times.push(result);
    if (!options.has('q') && result !== undefined)
      await process.stdout.write(
        typeof result === 'number'
          ? `64 bytes from ${address}: icmp_seq=${sent} ttl=64 time=${result.toFixed(result < 10 ? 2 : 1)} ms\n`
          : `From ${process.network.addresses[0] ?? '127.0.0.1'} icmp_seq=${sent} ${result}\n`,
      );
    if (sent < count && !interrupted) await Promise.race([process.clock.sleep(pauseMs), interruption]);
  }
  const loss = sent === 0 ? 0 : Math.round(((sent - times.length) / sent) * 100);
  const totalMs = Math.round(process.clock.monotonicMs() - startMs);
  const average = times.reduce((sum, time) => sum + time, 0) / Math.max(1, times.length);
  const deviation = Math.sqrt(times.reduce((sum, time) => sum + (time - average) ** 2, 0) / Math.max(1, times.length));
  const rtt = times.length
    ? `rtt min/avg/max/mdev = ${[Math.min(...times), average, Math.max(...times), deviation].map((time) => time.toFixed(3)).join('/')} ms\n`
    : '\n';
  await process.stdout.write(
    `\n--- ${name} ping statistics ---\n${sent} packets transmitted, ${times.length} received, ${loss}% packet loss, time ${totalMs}ms\n${rtt}`,
  );
  return times.length > 0 ? 0 : 1;
});
