/**
 * The load balancer in front of the API servers, a machine of its own as kubeadm's HA guide has it. It checks `/readyz` of each
 * backend every second (or only that the port opens) and hands each new connection to a healthy one, so bytes do not pass through it.
 * With none healthy it fails open, as network load balancers of clouds do: who connects meets the API server as it is.
 */
import { createHttpClient, NetworkError, parseFlags, type Address, type Certificate, type Process, type Program } from '#host';

/** As HAProxy's `inter 1s fall 2 rise 1` in the guides. */
const CHECK_INTERVAL_MS = 1_000;
const CHECK_TIMEOUT_MS = 1_000;
const FALL = 2;
/** An API server says after two seconds that its etcd does not answer, and asks another member then: that alone is no reason to leave it. */
const FALL_WHILE_SLOW = 3;

/** What a check found, best first: ready; not ready; there, without an answer in time; the machine is there and nobody listens; silence. */
type Finding = 'ready' | 'failing' | 'slow' | 'refused' | 'silent';
const WORST_FIRST: readonly Finding[] = Object.freeze(['silent', 'refused', 'slow', 'failing', 'ready']);

interface BackendState {
  readonly address: Address;
  readonly port: number;
  isHealthy: boolean;
  failures: number;
  /** What the last check found. */
  finding: Finding;
  sessions: number;
}

async function portOf({ network }: Process, { address, port }: BackendState): Promise<'open' | 'refused' | 'silent'> {
  try {
    const connection = await network.dial(address, port, { timeoutMs: CHECK_TIMEOUT_MS });
    connection.close();
    return 'open';
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    // A TLS port that takes plain connections for a mistake is open all the same.
    if (error.code === 'EPROTO') return 'open';
    return error.code === 'ECONNREFUSED' ? 'refused' : 'silent';
  }
}

async function askReadyz(process: Process, backend: BackendState, rootCas: readonly Certificate[]): Promise<Finding> {
  const client = createHttpClient(process.network, process.clock, { address: backend.address, port: backend.port, rootCas });
  try {
    const response = await client.request(
      { method: 'GET', path: '/readyz', headers: [['user-agent', 'load-balancer']] },
      { timeoutMs: CHECK_TIMEOUT_MS },
    );
    await response.text();
    return response.status === 200 ? 'ready' : 'failing';
  } catch (error) {
    if (error instanceof NetworkError) return error.code === 'ECONNREFUSED' ? 'refused' : 'silent';
    throw error;
  } finally {
    client.close();
  }
}

/** One check. A backend that did not answer before is also asked whether its port opens, because a slow answer looks like silence. */
async function lookAt(process: Process, backend: BackendState, check: 'readyz' | 'tcp', rootCas: readonly Certificate[]): Promise<Finding> {
  if (check === 'tcp') {
    const port = await portOf(process, backend);
    return port === 'open' ? 'ready' : port;
  }
  const [answer, port] = await Promise.all([
    askReadyz(process, backend, rootCas),
    backend.finding === 'ready' ? undefined : portOf(process, backend),
  ]);
  return answer === 'silent' && port === 'open' ? 'slow' : answer;
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
        finding: 'silent',
        sessions: 0,
      }
    );
  });
}

/** Who gets the next connection: a healthy backend, rather one whose last check was good; without any, those that are nearest to answering. */
function choose(backends: readonly BackendState[], turn: number): BackendState | undefined {
  const worth = ({ isHealthy, finding }: BackendState): number => (isHealthy ? WORST_FIRST.length : 0) + WORST_FIRST.indexOf(finding);
  const best = Math.max(...backends.map(worth));
  const equal = backends.filter((backend) => worth(backend) === best);
  return equal[turn % equal.length];
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
      handOver(_, refusedBy) {
        const refusing = backends.find(({ address }) => address === refusedBy);
        if (refusing) refusing.finding = 'refused';
        const chosen = choose(backends, next++);
        if (!chosen) return undefined;
        chosen.sessions++;
        return { address: chosen.address, port: chosen.port };
      },
    },
    () => undefined,
  );
  const isElsewhere = (): boolean => backends.some(({ isHealthy }) => isHealthy);
  const markedDown = (backend: BackendState): void => {
    // Sessions are ended so that they begin again elsewhere. With nowhere to go they stay and hear what the API server has to say.
    if (isElsewhere() || backend.finding === 'silent') listener.resetHandedOver(backend.address);
  };
  const look = async (backend: BackendState): Promise<void> => {
    backend.finding = await lookAt(process, backend, check, rootCas);
    const isGood = backend.finding === 'ready';
    backend.failures = isGood ? 0 : backend.failures + 1;
    const fall = backend.finding === 'slow' ? FALL_WHILE_SLOW : FALL;
    const isHealthy = isGood || (backend.isHealthy && backend.failures < fall);
    // While none was healthy, sessions may have begun at one that says nothing; they need not wait for it once there is a better one.
    if (!backend.isHealthy && backend.finding === 'silent' && isElsewhere()) listener.resetHandedOver(backend.address);
    if (isHealthy === backend.isHealthy) return;
    backend.isHealthy = isHealthy;
    process.telemetry.log(isHealthy ? 'info' : 'warning', `backend ${backend.address}:${backend.port} is ${isHealthy ? 'up' : 'down'}`);
    if (!isHealthy) markedDown(backend);
    tell();
  };
  tell();
  for (;;) {
    // From beginning to beginning: a check that is answered by nobody must not delay the next.
    const startedMs = process.clock.monotonicMs();
    await Promise.all(backends.map(look));
    const restMs = CHECK_INTERVAL_MS - (process.clock.monotonicMs() - startedMs);
    if (restMs > 0) await process.clock.sleep(restMs);
  }
};
