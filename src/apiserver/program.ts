/** kube-apiserver as a program: reads its flags, connects to etcd, listens with its certificate, runs until SIGTERM. */
import { createEtcdClient } from '#etcd/client';
import { listenHttp, type Process, type Program } from '#host';
import { componentMachine, startActor } from '#lifecycle';
import { startCompaction } from './compaction.ts';
import { versionInfo } from './discovery/version.ts';
import { readSettings, type ServerSettings } from './flags.ts';
import { createKubeletConnector, probeComponent } from './kubelet-connector.ts';
import { createApiServer, type ApiServer } from './server.ts';
import { etcdConnection } from './store/etcd-connection.ts';
import { withRevisionWatch } from './store/revision-watch.ts';

/** Time an old EndpointSlice entry may need to leave clients' caches before the listener closes. */
const SHUTDOWN_GRACE_MS = 1_000;

/** Exit code of klog.Fatal. */
const FATAL_EXIT_CODE = 255;

/** klog's line: I0102 15:04:05.000000       1 file.go:1] text. */
function logger(process: Process): (level: 'info' | 'warning' | 'error', message: string) => void {
  const letters = { info: 'I', warning: 'W', error: 'E' };
  return (level, message) => {
    const time = new Date(process.clock.wallMs()).toISOString();
    const stamp = `${time.slice(5, 7)}${time.slice(8, 10)} ${time.slice(11, 23)}000`;
    process.stderr.write(`${letters[level]}${stamp}       1 server.go:1] ${message}\n`).catch(() => process.telemetry.log(level, message));
  };
}

function makeServer(
  process: Process,
  settings: ServerSettings,
  log: ReturnType<typeof logger>,
  onReadiness: (isReady: boolean) => void,
  onFatal: (reason: string) => void,
): { server: ApiServer; stop: () => void } {
  const { clock, random, crypto, network } = process;
  const { endpoints, identity, rootCas } = settings.etcd;
  const client = createEtcdClient({
    network,
    clock,
    random: random.fork('etcd-client'),
    endpoints,
    // A call has the time of the request it serves; what keeps it from going on is found by the connection.
    timeoutMs: settings.config.requestTimeoutMs,
    ...(identity ? { identity } : {}),
    ...(rootCas.length ? { rootCas } : {}),
  });
  const etcd = withRevisionWatch(etcdConnection(client), (seen, now) =>
    onFatal(
      `etcd is at revision ${now} and was at ${seen}: its data were restored from a snapshot, and the watch caches are of another past`,
    ),
  );
  const kubelets = createKubeletConnector(process, settings.kubelet.identity, settings.kubelet.rootCas);
  const { telemetry } = process;
  const server = createApiServer({
    config: settings.config,
    etcd,
    clock,
    random,
    crypto,
    metrics: telemetry.metrics,
    kubelets,
    probe: (port, path) => probeComponent(process, port, path),
    descriptions: () => process.asset('explain'),
    log,
    onReadiness,
    span: (name, attributes, parent) => telemetry.span(name, attributes, parent),
  });
  const stopCompaction = startCompaction(etcd, clock, (message) => log('info', message));
  return {
    server,
    stop: () => {
      stopCompaction();
      client.close();
    },
  };
}

/** The program. Exits with 1 when its flags or files are wrong, 255 when it cannot set up what it needs in etcd or etcd's data are others than before, 0 after SIGTERM. */
export const kubeApiserver: Program = async (process) => {
  const log = logger(process);
  let settings: ServerSettings;
  try {
    settings = readSettings(process);
  } catch (error) {
    await process.stderr.write(`Error: ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
  const { config } = settings;
  log('info', `Version: ${versionInfo.gitVersion}`);
  log('info', `external host was not specified, using ${config.advertiseAddress}`);
  const life = startActor(componentMachine, {
    clock: process.clock,
    id: 'kube-apiserver',
    onState: (state) => process.telemetry.lifecycle('kube-apiserver', state),
  });
  life.send({ type: 'START' });
  let fail: (reason: string) => void = () => undefined;
  const failed = new Promise<'failed'>((resolve) => {
    fail = (reason) => {
      log('error', reason);
      resolve('failed');
    };
  });
  const { server, stop } = makeServer(process, settings, log, (isReady) => life.send({ type: isReady ? 'READY' : 'UNREADY' }), fail);
  log(
    'info',
    `Loaded ${server.core.admission.names.length} admission controller(s) successfully in the following order: ${server.core.admission.names.join(',')}.`,
  );
  const clientCas = [...config.clientCas, ...config.requestHeaderCas];
  const isAnyAddress = !settings.bindAddress || settings.bindAddress === '0.0.0.0';
  const listener = await listenHttp(
    process.network,
    config.securePort,
    {
      identity: settings.serving,
      clientAuth: 'request',
      ...(clientCas.length ? { clientCas } : {}),
      ...(isAnyAddress ? {} : { address: settings.bindAddress! }),
    },
    server.handler,
    (error) => log('error', `apiserver panic'd on a request: ${error instanceof Error ? error.message : String(error)}`),
  );
  log('info', `Serving securely on [::]:${config.securePort}`);
  const asked = new Promise<'asked'>((resolve) => process.onSignal('TERM', () => resolve('asked')));
  server.start().then(
    () => life.send({ type: 'READY' }),
    (error: unknown) => fail(error instanceof Error ? error.message : String(error)),
  );
  const ended = await Promise.race([asked, failed]);
  if (ended === 'failed') return FATAL_EXIT_CODE;
  life.send({ type: 'STOP' });
  log('info', 'Received shutdown signal, shutting down gracefully');
  await server.stop();
  await process.clock.sleep(SHUTDOWN_GRACE_MS);
  listener.close();
  stop();
  return 0;
};
