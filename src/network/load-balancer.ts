/**
 * The load balancer in front of the API servers, a machine of its own as kubeadm's HA guide has it. It checks `/readyz` of each
 * backend every second (or only that the port opens) and hands each new connection to a healthy one, so bytes do not pass through it.
 */
import { createHttpClient, NetworkError, parseFlags, type Address, type Certificate, type Process, type Program } from '#host';

/** As HAProxy's `inter 1s fall 2 rise 1` in the guides. */
const CHECK_INTERVAL_MS = 1_000;
const CHECK_TIMEOUT_MS = 1_000;
const FALL = 2;

interface BackendState {
  readonly address: Address;
  readonly port: number;
  isHealthy: boolean;
  failures: number;
  sessions: number;
}

async function isReady(
  process: Process,
  backend: BackendState,
  check: 'readyz' | 'tcp',
  rootCas: readonly Certificate[],
): Promise<boolean> {
  try {
    if (check === 'tcp') {
      const connection = await process.network.dial(backend.address, backend.port, { timeoutMs: CHECK_TIMEOUT_MS });
      connection.close();
      return true;
    }
    const client = createHttpClient(process.network, process.clock, { address: backend.address, port: backend.port, rootCas });
    try {
      const response = await client.request(
        { method: 'GET', path: '/readyz', headers: [['user-agent', 'load-balancer']] },
        { timeoutMs: CHECK_TIMEOUT_MS },
      );
      await response.text();
      return response.status === 200;
    } finally {
      client.close();
    }
  } catch (error) {
    if (error instanceof NetworkError) return false;
    throw error;
  }
}

/** The backends of flags and file; those that were there before keep their state. */
function backendsNamed(
  process: Process,
  given: readonly string[],
  file: string | undefined,
  before: readonly BackendState[],
): BackendState[] {
  const listed = file !== undefined && process.files.stat(file) ? process.files.readText(file).split('\n') : [];
  const texts = [...given, ...listed.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '')];
  return texts.map((text) => {
    const [address = '', port = '6443'] = text.split(':');
    return (
      before.find((known) => known.address === address && known.port === Number(port)) ?? {
        address,
        port: Number(port),
        isHealthy: false,
        failures: 0,
        sessions: 0,
      }
    );
  });
}

/**
 * Flags: `--listen=6443`, `--backend=ADDRESS:PORT` (repeated), `--backends-file=PATH` (one ADDRESS:PORT a line, followed as it changes),
 * `--check=readyz|tcp`, `--ca-file=PATH`.
 * Facts told: `healthy` of `total` backends, by address.
 */
export const loadBalancer: Program = async (process) => {
  const flags = parseFlags(process.argv);
  const port = flags.number('listen', 6443);
  const check = flags.get('check') === 'tcp' ? 'tcp' : 'readyz';
  const caFile = flags.get('ca-file');
  const rootCas = caFile ? process.crypto.certificatesFromPem(process.files.readText(caFile)) : [];
  const backendsFile = flags.get('backends-file');
  let backends = backendsNamed(process, flags.list('backend'), backendsFile, []);
  let next = 0;
  const tell = (): void => {
    const healthy = backends.filter((backend) => backend.isHealthy);
    process.telemetry.facts({
      healthy: healthy.length,
      total: backends.length,
      backends: Object.fromEntries(backends.map((backend) => [backend.address, backend.isHealthy])),
    });
  };
  if (backendsFile)
    process.files.watch(backendsFile, () => {
      const before = backends;
      backends = backendsNamed(process, flags.list('backend'), backendsFile, before);
      for (const gone of before) if (!backends.includes(gone)) listener.resetHandedOver(gone.address);
      tell();
    });
  const listener = await process.network.listen(
    port,
    {
      handOver() {
        const healthy = backends.filter((backend) => backend.isHealthy);
        if (healthy.length === 0) return undefined;
        const chosen = healthy[next++ % healthy.length]!;
        chosen.sessions++;
        return { address: chosen.address, port: chosen.port };
      },
    },
    () => undefined,
  );
  const look = async (backend: BackendState): Promise<void> => {
    const ready = await isReady(process, backend, check, rootCas);
    backend.failures = ready ? 0 : backend.failures + 1;
    const isHealthy = ready || (backend.isHealthy && backend.failures < FALL);
    if (isHealthy === backend.isHealthy) return;
    backend.isHealthy = isHealthy;
    process.telemetry.log(isHealthy ? 'info' : 'warning', `backend ${backend.address}:${backend.port} is ${isHealthy ? 'up' : 'down'}`);
    if (!isHealthy) listener.resetHandedOver(backend.address);
    tell();
  };
  tell();
  for (;;) {
    await Promise.all(backends.map(look));
    await process.clock.sleep(CHECK_INTERVAL_MS);
  }
};
