/** The REST client and informers against an API in memory over the simulated network. */
import { describe, expect, it } from 'vitest';
import type { Event, Lease, Pod } from '#api';
import { isConflict, isNotFound, type KubeObject, type StatusError } from '#apimachinery';
import {
  eventRecorder,
  inClusterConfig,
  informerFactory,
  isConnectionRefused,
  leaderElect,
  loadKubeconfig,
  parseKubeconfig,
  preferredResources,
  RequestError,
  resources,
  restClient,
  type Informer,
  type RestClient,
} from '#client';
import { FileError, type Process } from '#host';
import { fakeCluster, podOf } from './fake-api.ts';

/** A process on the second machine and a client in it. */
async function clientCluster(seed: string) {
  const fake = await fakeCluster(seed);
  let process: Process | undefined;
  fake.start((given) => {
    process = given;
    return new Promise(() => undefined);
  }, 'client');
  await fake.simulation.until(() => process !== undefined, 1_000, 'the client runs');
  const given = process!;
  const client: RestClient = restClient({
    network: given.network,
    clock: given.clock,
    files: given.files,
    config: loadKubeconfig(given.files, '/kubeconfig', given.crypto),
    userAgent: 'test/1',
  });
  const settled = <T>(promise: Promise<T>, limitMs = 120_000): Promise<T> => fake.simulation.settle(promise, limitMs, 'the answer');
  return { ...fake, process: given, client, settled };
}
const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('a kubeconfig', () => {
  it('that is missing, or whose context is, is refused in the words of client-go', async () => {
    const { process } = await clientCluster('kubeconfig');
    expect(() => loadKubeconfig(process.files, '/nowhere', process.crypto)).toThrow('stat /nowhere: no such file or directory');
    expect(() => loadKubeconfig(process.files, '/kubeconfig', process.crypto, { context: 'other' })).toThrow(
      'context "other" does not exist',
    );
    process.files.write('/bad', 'clusters: [');
    expect(() => loadKubeconfig(process.files, '/bad', process.crypto)).toThrow(/^error loading config file "\/bad": yaml: line 1: /);
    process.files.write('/no-server', 'kind: Config');
    expect(() => loadKubeconfig(process.files, '/no-server', process.crypto)).toThrow(
      'invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable',
    );
    process.files.write(
      '/no-cert',
      'current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\nclusters: [{name: k, cluster: {server: "https://x:1"}}]\nusers: [{name: u, user: {client-certificate: pki/a.crt, client-key: pki/a.key}}]',
    );
    expect(() => loadKubeconfig(process.files, '/no-cert', process.crypto)).toThrow(
      'invalid configuration: unable to read client-cert /pki/a.crt for u due to open /pki/a.crt: no such file or directory',
    );
    expect(() => parseKubeconfig('- 1', '/list')).toThrow('error loading config file "/list"');
  });

  it('gives namespace, token, inline certificates and overrides', async () => {
    const { process } = await clientCluster('kubeconfig-full');
    const key = process.crypto.generateKey();
    const template = { subject: { commonName: 'admin', organizations: ['system:masters'] }, notBeforeMs: 0, notAfterMs: 1e12 };
    const pem = process.crypto.certificatesToPem([process.crypto.issueCertificate(template, key.publicKey, key)]);
    const user = `{client-certificate-data: ${btoa(pem)}, client-key-data: ${btoa(process.crypto.keyToPem(key))}, token: abc}`;
    process.files.write(
      '/full',
      `current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u, namespace: team}}]\nclusters: [{name: k, cluster: {server: "https://x:1", certificate-authority-data: ${btoa(pem)}}}]\nusers: [{name: u, user: ${user}}]`,
    );
    const config = loadKubeconfig(process.files, '/full', process.crypto, { server: 'https://y:2' });
    expect(config).toMatchObject({ server: 'https://y:2', namespace: 'team' });
    expect(config.token?.()).toBe('abc');
    expect(config.identity?.chain[0]?.subject.commonName).toBe('admin');
    expect(config.rootCas?.length).toBe(1);
  });

  it('of a pod comes from its service account, whose token is read again each time', async () => {
    const { process } = await clientCluster('in-cluster');
    expect(() => inClusterConfig(process.files, {}, process.crypto)).toThrow(
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined',
    );
    const directory = '/var/run/secrets/kubernetes.io/serviceaccount';
    process.files.makeDirectory(directory, { recursive: true });
    process.files.write(`${directory}/token`, 'one\n');
    process.files.write(`${directory}/ca.crt`, '');
    const config = inClusterConfig(process.files, { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_SERVICE_PORT: '443' }, process.crypto);
    expect([config.server, config.token?.()]).toEqual(['https://10.96.0.1:443', 'one']);
    process.files.write(`${directory}/token`, 'two');
    expect(config.token?.()).toBe('two');
    expect(() => process.files.readText('/nothing')).toThrow(FileError);
  });
});

describe('the REST client', () => {
  it('creates, reads, changes and deletes, and throws the Status of what is refused', async () => {
    const { client, settled, api } = await clientCluster('verbs');
    const pod = await settled(client.create(resources.pods, podOf('web') as unknown as Pod));
    expect(pod.metadata.uid).toBeDefined();
    expect((await settled(client.list(resources.pods, { namespace: 'default', fieldSelector: 'metadata.name=web' }))).items.length).toBe(1);
    const patched = await settled(client.patch(resources.pods, 'web', 'default', 'merge', { metadata: { labels: { a: 'b' } } }));
    expect(patched.metadata.labels).toEqual({ a: 'b' });
    const stale = await failure(settled(client.update(resources.pods, pod)));
    expect(isConflict(stale)).toBe(true);
    await settled(client.updateStatus(resources.pods, { ...patched, status: { phase: 'Running' } }));
    expect(api.get<Pod>('pods', 'default/web')?.status?.phase).toBe('Running');
    await settled(client.delete(resources.pods, 'web', 'default'));
    const missing = await failure(settled(client.get(resources.pods, 'web', 'default')));
    expect(isNotFound(missing)).toBe(true);
    expect((missing as StatusError).message).toBe('pods "web" not found');
    expect((await settled(preferredResources(client))).resources.find(({ plural }) => plural === 'deployments')).toMatchObject({
      group: 'apps',
      version: 'v1',
      scope: 'Namespaced',
    });
  });

  it('repeats what the server asks to repeat, after the time it names', async () => {
    const { client, settled, api, simulation } = await clientCluster('retry');
    let refusals = 2;
    api.intercept = () => (refusals-- > 0 ? { status: 429, headers: [['retry-after', '3']], body: 'later' } : undefined);
    const before = simulation.nowMs;
    await settled(client.list(resources.nodes));
    expect(simulation.nowMs - before).toBeCloseTo(6_000, 0);
    api.intercept = () => ({ status: 503, headers: [], body: 'oops' });
    const error = (await failure(settled(client.list(resources.nodes)))) as StatusError;
    expect(error.status).toMatchObject({ code: 503, reason: 'ServiceUnavailable' });
  });

  it('says in the words of Go why no answer came: refused, unknown name, timed out', async () => {
    const { process, settled, simulation, client } = await clientCluster('broken');
    const other = (server: string): RestClient =>
      restClient({
        network: process.network,
        clock: process.clock,
        files: process.files,
        config: { server, namespace: 'default' },
        userAgent: 'test',
      });
    const refused = await failure(settled(other('http://10.0.0.1:9').list(resources.nodes)));
    expect(isConnectionRefused(refused)).toBe(true);
    expect((refused as Error).message).toBe('Get "http://10.0.0.1:9/api/v1/nodes": dial tcp 10.0.0.1:9: connect: connection refused');
    const unknown = (await failure(settled(other('http://nobody:9').list(resources.nodes)))) as RequestError;
    expect(unknown.reason).toBe('dial tcp: lookup nobody: no such host');
    process.files.makeDirectory('/etc', { recursive: true });
    process.files.write('/etc/hosts', '127.0.0.1 localhost\n10.0.0.1 api.example # the fake\n');
    expect((await settled(other('http://api.example:8080').list(resources.nodes))).items).toEqual([]);
    await settled(client.list(resources.nodes));
    simulation.partition(['m'], ['api']);
    const silent = await failure(settled(client.list(resources.nodes, { timeoutMs: 5_000 })));
    expect(silent).toBeInstanceOf(RequestError);
    expect((silent as RequestError).code).toBe('ETIMEDOUT');
  });
});

describe('a shared informer', () => {
  const watched = async (seed: string) => {
    const fake = await clientCluster(seed);
    const { client, process, api } = fake;
    const stop = new AbortController();
    const informers = informerFactory({ client, clock: process.clock, random: process.random });
    const informer: Informer<KubeObject> = informers.informer(resources.configmaps as never);
    const heard: string[] = [];
    informer.addHandler({
      added: (o) => heard.push(`+${o.metadata.name}`),
      updated: (o) => heard.push(`~${o.metadata.name}`),
      deleted: (o) => heard.push(`-${o.metadata.name}`),
    });
    const put = (name: string, value = ''): void =>
      void api.put({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' }, data: { value } });
    put('a');
    informers.start(stop.signal);
    await fake.settled(informers.synced());
    return { ...fake, informer, heard, put, stop };
  };

  it('lists once, then follows by watch alone', async () => {
    const { simulation, informer, heard, put, api } = await watched('follow');
    put('b');
    put('b', '2');
    api.remove('configmaps', 'default/a');
    await simulation.run(100);
    expect(heard).toEqual(['+a', '+b', '~b', '-a']);
    expect(informer.lister.list().map(({ metadata }) => metadata.name)).toEqual(['b']);
    expect(api.requests.filter((request) => request === 'GET /api/v1/configmaps').length).toBe(2);
  });

  it('goes on from its version when the watch ends, without listing again', async () => {
    const { simulation, heard, put, api } = await watched('resume');
    await simulation.run(5_000);
    api.dropWatches();
    put('b');
    await simulation.run(5_000);
    expect(heard).toEqual(['+a', '+b']);
    expect(api.requests.length).toBe(3);
  });

  it('lists again when its version is compacted away, and tells only what changed', async () => {
    const { simulation, heard, put, api, server, apiProcess } = await watched('compacted');
    put('keep');
    await simulation.run(100);
    apiProcess.kill('KILL');
    api.remove('configmaps', 'default/a');
    put('late');
    api.compact();
    await simulation.run(2_000);
    server.spawn(api.program, { name: 'api' });
    await simulation.run(90_000);
    expect(heard).toEqual(['+a', '+keep', '-a', '+late']);
  });

  it('stops for good when its signal aborts', async () => {
    const { simulation, heard, put, stop, api } = await watched('stop');
    stop.abort();
    put('b');
    await simulation.run(60_000);
    put('c');
    await simulation.run(1_000);
    expect(heard).toEqual(['+a']);
    expect(api.watches()).toBe(0);
  });
});

describe('an event recorder', () => {
  it('counts the same event up, combines many alike and drops what is too much', async () => {
    const { client, process, simulation, api } = await clientCluster('events');
    const recorder = eventRecorder({ client, clock: process.clock, component: 'kubelet', host: 'worker-1' });
    const pod = api.put(podOf('web'));
    for (let at = 0; at < 3; at++) {
      recorder.event(pod, 'Warning', 'BackOff', 'Back-off restarting failed container');
      await simulation.run(1_000);
    }
    const [event] = api.list<Event>('events');
    expect(api.list('events').length).toBe(1);
    expect(event).toMatchObject({
      count: 3,
      type: 'Warning',
      source: { component: 'kubelet', host: 'worker-1' },
      involvedObject: { kind: 'Pod', name: 'web', uid: pod.metadata.uid },
    });
    expect(event!.firstTimestamp).not.toBe(event!.lastTimestamp);
    expect(event!.metadata.name).toMatch(/^web\.[0-9a-f]{8,16}$/);
    for (let at = 0; at < 12; at++) recorder.event(pod, 'Warning', 'Unhealthy', `probe ${at}`);
    await simulation.run(1_000);
    const combined = api.list<Event>('events').filter(({ message }) => message?.startsWith('(combined from similar events): probe'));
    expect(combined.length).toBe(1);
    expect(combined[0]!.count).toBe(3);
    for (let at = 0; at < 100; at++) recorder.event(pod, 'Normal', `Reason${at}`, 'text');
    await simulation.run(1_000);
    expect(api.list<Event>('events').filter(({ reason }) => reason?.startsWith('Reason')).length).toBe(10);
  });
});

describe('leader election', () => {
  it('lets one lead; the other takes over after the lease duration without renewal, and counts the transition', async () => {
    const { client, process, simulation, api } = await clientCluster('election');
    const led: string[] = [];
    const stops = new Map<string, AbortController>();
    const elect = (identity: string): Promise<string> => {
      const stop = new AbortController();
      stops.set(identity, stop);
      return leaderElect(
        {
          client,
          clock: process.clock,
          random: process.random,
          telemetry: process.telemetry,
          name: 'x',
          identity,
          onStartedLeading: () => led.push(identity),
        },
        stop.signal,
      );
    };
    const first = elect('one');
    await simulation.run(3_000);
    void elect('two');
    await simulation.run(60_000);
    expect(led).toEqual(['one']);
    stops.get('one')!.abort();
    expect(await simulation.settle(first, 10_000, 'it ended')).toBe('released');
    await simulation.run(11_000);
    expect(led).toEqual(['one']);
    await simulation.run(10_000);
    expect(led).toEqual(['one', 'two']);
    expect(api.get<Lease>('leases', 'kube-system/x')?.spec).toMatchObject({
      holderIdentity: 'two',
      leaseDurationSeconds: 15,
      leaseTransitions: 1,
    });
    expect(api.get<Lease>('leases', 'kube-system/x')?.spec?.renewTime).toMatch(/\.\d{6}Z$/);
  });
});
