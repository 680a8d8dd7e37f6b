/** CoreDNS 1.12: answers for the cluster's names from Services and EndpointSlices, forwards the rest, health on 8080, ready on 8181, metrics on 9153. */
import type { EndpointSlice } from '#api';
import { createInformer, inClusterConfig, resources, restClient } from '#client';
import {
  askServer,
  DnsError,
  listenHttp,
  parseFlags,
  readResolverConfiguration,
  type Datagram,
  type DnsQuery,
  type Process,
  type Program,
} from '#host';
import { parseCorefile, type ServerBlock } from './corefile.ts';
import { answerBy, blockFor, type PluginSurroundings } from './plugins.ts';
import { endpointName, type ClusterNames } from './records.ts';

const DEFAULT_TTL = 5;

/** Names of the cluster from informers, and whether they are all there. */
function watchNames(process: Process, block: ServerBlock): { names: ClusterNames; isSynced: () => boolean } {
  const plugin = block.plugins.find(({ name }) => name === 'kubernetes');
  const domain = plugin?.args[0] ?? 'cluster.local';
  const ttl = Number(plugin?.properties.find(([name]) => name === 'ttl')?.[1] ?? DEFAULT_TTL);
  const { network, clock, files, random, telemetry, env, crypto } = process;
  const client = restClient({ network, clock, files, config: inClusterConfig(files, env, crypto), userAgent: 'coredns/1.12.0' });
  const options = { client, clock, random, telemetry };
  const services = createInformer(resources.services, options);
  const slices = createInformer(resources.endpointslices, options);
  const namespaces = createInformer(resources.namespaces, options);
  const byService = new Map<string, Map<string, EndpointSlice>>();
  const keyOf = (slice: EndpointSlice): string => `${slice.metadata.namespace}/${slice.metadata.labels?.['kubernetes.io/service-name']}`;
  const put = (slice: EndpointSlice): void => {
    const own = byService.get(keyOf(slice)) ?? new Map<string, EndpointSlice>();
    byService.set(keyOf(slice), own);
    own.set(slice.metadata.name, slice);
  };
  const remove = (slice: EndpointSlice): void => {
    const own = byService.get(keyOf(slice));
    own?.delete(slice.metadata.name);
    if (own?.size === 0) byService.delete(keyOf(slice));
  };
  slices.addHandler({ added: put, updated: (slice) => put(slice), deleted: remove });
  const informers = [services, slices, namespaces];
  for (const informer of informers) informer.run(new AbortController().signal);
  return {
    isSynced: () => informers.every((informer) => informer.hasSynced),
    names: {
      domain,
      ttl,
      service: (namespace, name) => services.lister.get(`${namespace}/${name}`),
      slices: (namespace, name) => [...(byService.get(`${namespace}/${name}`)?.values() ?? [])],
      hasNamespace: (name) => namespaces.lister.get(name) !== undefined,
      reverse(address) {
        const service = services.lister.list().find((candidate) => candidate.spec?.clusterIP === address);
        if (service) return `${service.metadata.name}.${service.metadata.namespace}.svc.${domain}`;
        for (const own of byService.values())
          for (const slice of own.values()) {
            const endpoint = slice.endpoints.find(({ addresses }) => addresses.includes(address));
            if (endpoint)
              return `${endpointName(endpoint)}.${slice.metadata.labels?.['kubernetes.io/service-name']}.${slice.metadata.namespace}.svc.${domain}`;
          }
        return undefined;
      },
    },
  };
}

/** How the plug-ins reach files and other servers. */
function surroundingsOf(process: Process, names: ClusterNames): PluginSurroundings {
  const { files } = process;
  return {
    names,
    async ask(server, query) {
      try {
        return await askServer(process, server, query.name, query.type);
      } catch (error) {
        if (!(error instanceof DnsError)) throw error;
        return undefined;
      }
    },
    serversOf: () => readResolverConfiguration(files).servers,
    linesOf: (path) => (files.stat(path)?.kind === 'file' ? files.readText(path).split('\n') : []),
  };
}

/** How often the reload plug-in looks at the Corefile. */
const RELOAD_MS = 30_000;

/** The Corefile at `path`, read again while the reload plug-in is in it; one that does not read leaves the old one in force. */
function followCorefile(process: Process, path: string, first: readonly ServerBlock[]): () => readonly ServerBlock[] {
  const { files, clock, stdout } = process;
  let blocks = first;
  let text = files.readText(path);
  clock.every(RELOAD_MS, () => {
    if (!blocks.some(({ plugins }) => plugins.some(({ name }) => name === 'reload')) || files.stat(path)?.kind !== 'file') return;
    const now = files.readText(path);
    if (now === text) return;
    text = now;
    try {
      blocks = blocksOf(now, path);
      void stdout.write('[INFO] Reloading\n[INFO] Reloading complete\n');
    } catch (error) {
      void stdout.write(`[ERROR] plugin/reload: Corefile changed but reload failed: ${(error as Error).message}\n`);
    }
  });
  return () => blocks;
}

/** The blocks of a Corefile. Throws an Error with CoreDNS' text. */
function blocksOf(text: string, path: string): ServerBlock[] {
  const blocks = parseCorefile(text, path);
  if (!blocks.length) throw new Error(`${path}: no server block`);
  return blocks;
}

async function serveHealth(process: Process, isSynced: () => boolean): Promise<void> {
  const { network, telemetry } = process;
  const fault = (error: unknown): void => telemetry.log('error', String(error));
  const plain = (status: number, body: string) =>
    Promise.resolve({ status, headers: [['content-type', 'text/plain; charset=utf-8']] as const, body });
  await listenHttp(network, 8080, {}, ({ path }) => (path === '/health' ? plain(200, 'OK') : plain(404, '404 page not found\n')), fault);
  await listenHttp(
    network,
    8181,
    {},
    ({ path }) => (path === '/ready' ? (isSynced() ? plain(200, 'OK') : plain(503, 'kubernetes')) : plain(404, '404 page not found\n')),
    fault,
  );
  await listenHttp(
    network,
    9153,
    {},
    ({ path }) => (path === '/metrics' ? plain(200, telemetry.metrics.text()) : plain(404, '404 page not found\n')),
    fault,
  );
}

/** The program; `-conf PATH`. Ends with TERM after the lame-duck time of the Corefile (0), or with 1 for a Corefile it cannot read. */
export const coreDns: Program = async (process) => {
  const { files, network, telemetry, clock } = process;
  const at = process.argv.indexOf('-conf');
  const path = at >= 0 ? process.argv[at + 1]! : (parseFlags(process.argv).get('conf') ?? '/etc/coredns/Corefile');
  let first: readonly ServerBlock[];
  try {
    first = blocksOf(files.readText(path), path);
  } catch (error) {
    await process.stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
  const block = first.find(({ plugins }) => plugins.some(({ name }) => name === 'kubernetes')) ?? first[0]!;
  const blocks = followCorefile(process, path, first);
  const { names, isSynced } = watchNames(process, block);
  const surroundings = surroundingsOf(process, names);
  const requests = telemetry.metrics.counter('coredns_dns_requests_total', 'Counter of DNS requests made per zone, protocol and family.', [
    'family',
    'proto',
    'server',
    'type',
    'view',
    'zone',
  ]);
  const responses = telemetry.metrics.counter('coredns_dns_responses_total', 'Counter of response status codes.', [
    'plugin',
    'rcode',
    'server',
    'view',
    'zone',
  ]);
  await serveHealth(process, isSynced);
  const socket = await network.datagram(block.port);
  await process.stdout.write(
    `${first.map(({ zone, port }) => `${zone}:${port}\n`).join('')}CoreDNS-1.12.0\nlinux/amd64, go1.23.3, 51e11f1\n`,
  );
  const lameDuckMs =
    Number.parseFloat(block.plugins.find(({ name }) => name === 'health')?.properties.find(([name]) => name === 'lameduck')?.[1] ?? '0') *
    1_000;
  const stopped = new Promise<number>((resolve) =>
    process.onSignal(
      'TERM',
      () =>
        void process.stdout
          .write('[INFO] SIGTERM: Shutting down servers then terminating\n')
          .then(() => clock.after(lameDuckMs, () => resolve(0))),
    ),
  );
  const respond = async ({ from, payload }: Datagram): Promise<void> => {
    const query = payload as unknown as DnsQuery;
    const server = `dns://:${block.port}`;
    requests.add(1, '1', 'udp', server, query.type, '', '.');
    const answer = await answerBy(blocks(), query, surroundings);
    responses.add(1, 'kubernetes', answer.rcode, server, '', '.');
    socket.send(from.address, from.port, answer as unknown as Readonly<Record<string, unknown>>);
    if (blockFor(blocks(), query.name)?.plugins.some(({ name }) => name === 'log'))
      await process.stdout.write(
        `[INFO] ${from.address}:${from.port} - ${query.id} "${query.type} IN ${query.name}. udp" ${answer.rcode} qr,aa,rd\n`,
      );
  };
  const serve = async (): Promise<never> => {
    for (;;) {
      // A server that is asked in turn and does not answer must not hold up the other questions.
      respond(await socket.receive()).catch((error: unknown) => telemetry.log('error', String(error)));
    }
  };
  return Promise.race([serve(), stopped]);
};
