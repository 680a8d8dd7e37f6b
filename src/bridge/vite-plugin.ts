/** The bridge as a Vite plug-in: in front of the development server's and the preview server's own answers. */
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Connect, Plugin } from 'vite';
import { createBridgeServer } from './server.ts';

interface Host {
  readonly middlewares: Connect.Server;
  readonly httpServer: unknown;
}

function mount({ middlewares, httpServer }: Host): void {
  const bridge = createBridgeServer();
  middlewares.use((request, response, next) => {
    if (!bridge.handle(request, response)) next();
  });
  const server = httpServer as Server | null;
  // Whatever is not the bridge's is Vite's own (hot reloading).
  server?.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => void bridge.upgrade(request, socket, head));
  server?.on('close', () => bridge.close());
}

/** Puts the bridge into `vite` and `vite preview`. */
export function bridgePlugin(): Plugin {
  return { name: 'tabernetes-bridge', apply: 'serve', configureServer: mount, configurePreviewServer: mount };
}
