/** Types of static-server.mjs, for the page tests and the benchmarks. */
export interface ServedFile {
  path: string;
  bytes: number;
}
export interface FileServer {
  url: string;
  port: number;
  close(): Promise<void>;
}
export declare function serveFolder(options: {
  folder: string;
  host?: string;
  port?: number;
  orNext?: boolean;
  basePath?: string;
  onServed?: (file: ServedFile) => void;
  bridge?: import('../src/bridge/server.ts').BridgeServer;
}): Promise<FileServer>;
