/** The page of @ngrok/webernetes: the same cluster size, Deployment and requests as the lab is measured with, by its own interface. */
import { BaseImage, Cluster, type ProcessContext } from '@ngrok/webernetes';

type ClusterApplyResource = Parameters<Cluster['apply']>[0][number];
type Figures = Record<string, number>;
declare global {
  interface Window {
    measureWebernetes(nodes: number, pods: number, requests: number): Promise<Figures>;
  }
}

const NODE_PORT = 31_000;
const labels = { app: 'bench' };

class Web extends BaseImage {
  static readonly imageName = 'bench-web';
  static readonly imageVersion = '1.0';
  readonly defaultCommand = ['serve'];

  override async exec(ctx: ProcessContext, argv: readonly string[]): Promise<number> {
    if (argv[0] !== 'serve') return super.exec(ctx, argv);
    ctx.listenHttp(80, () => Promise.resolve({ status: 200, headers: {}, body: 'ok\n' }));
    return ctx.waitUntilKilled();
  }
}

/** Resolves when so many pods say that they are ready. */
const allReady = (cluster: Cluster, wanted: number): Promise<void> =>
  new Promise((resolve) => {
    const ready = new Set<string>();
    const informer = cluster.informer('pods', (_, pod) => {
      const isReady = pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
      if (isReady && pod.metadata?.labels?.['app'] === labels.app) ready.add(pod.metadata.name ?? '');
      if (ready.size < wanted) return;
      resolve();
      informer.stop().catch((error: unknown) => console.error(error));
    });
  });

const deployment = (replicas: number): ClusterApplyResource => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'bench', labels },
  spec: {
    replicas,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'bench-web:1.0' }] } },
  },
});

const service: ClusterApplyResource = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'bench' },
  spec: { type: 'NodePort', selector: labels, ports: [{ port: 80, targetPort: 80, nodePort: NODE_PORT, protocol: 'TCP' }] },
};

window.measureWebernetes = async (nodes, pods, requests) => {
  let longestMs = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) longestMs = Math.max(longestMs, duration);
  });
  observer.observe({ type: 'longtask' });
  const startMs = performance.now();
  const cluster = new Cluster({ nodes });
  cluster.registerImage(Web);
  await cluster.init();
  const bootedMs = performance.now();
  await cluster.apply([deployment(pods)]);
  await allReady(cluster, pods);
  const readyMs = performance.now();
  await cluster.apply([service]);
  const url = `http://node-1:${NODE_PORT}`;
  // Its Service may not have reached the node yet, which is an answer other than 200 or none.
  const isServed = (): Promise<boolean> =>
    cluster.fetch(url).then(
      ({ status }) => status === 200,
      () => false,
    );
  while (!(await isServed())) await new Promise((resolve) => setTimeout(resolve, 10));
  const askedMs = performance.now();
  for (let at = 0; at < requests; at++) await cluster.fetch(url);
  const answeredMs = performance.now();
  observer.disconnect();
  await cluster.close();
  return {
    'webernetes: fresh to ready, ms': bootedMs - startMs,
    [`webernetes: ${pods} pods of a Deployment ready, s`]: (readyMs - bootedMs) / 1_000,
    'webernetes: requests by NodePort, one at a time, /s': requests / ((answeredMs - askedMs) / 1_000),
    'webernetes: longest task of the page, ms': longestMs,
  };
};
