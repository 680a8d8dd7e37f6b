/** The wire between page and workstation: shell lines, terminals, and HTTP requests sent from there. Types only; crosses comlink, callbacks by proxy. */

/** How one line ended. */
export interface RunResult {
  readonly exitCode: number;
}

/** Head of an HTTP answer. */
export interface FetchHead {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
}

/** What the workstation does for the page. */
export interface WorkstationManagement {
  /** Runs a line in the session's shell (created when first named). Resolves when it has ended; output comes before, in order, awaited. */
  run(
    id: string,
    line: string,
    options: { readonly stdin?: string; readonly session?: string },
    onOutput: (fd: 1 | 2, text: string) => Promise<void>,
  ): Promise<RunResult>;
  /** Ctrl-C for a run. */
  interrupt(id: string): Promise<void>;
  /** Opens an interactive shell. Output is what a terminal shows; `onExit` comes once. */
  openTerminal(
    id: string,
    size: { readonly columns: number; readonly rows: number },
    onOutput: (data: string) => Promise<void>,
    onExit: (exitCode: number) => void,
  ): Promise<void>;
  terminalInput(id: string, data: string): Promise<void>;
  terminalResize(id: string, size: { readonly columns: number; readonly rows: number }): Promise<void>;
  closeTerminal(id: string): Promise<void>;
  /**
   * Sends a request to the control-plane endpoint (path begins with `/`) as kubernetes-admin unless it carries an authorization header.
   * `onHead` comes once, then chunks, awaited. Rejects with the text of the network failure.
   * A request with an `upgrade` header that is answered with 101 becomes a stream: chunks are messages, and `sendMessage` goes the other way.
   */
  fetch(
    id: string,
    request: {
      readonly method: string;
      readonly path: string;
      readonly headers: readonly (readonly [string, string])[];
      readonly body?: string | Uint8Array;
    },
    onHead: (head: FetchHead) => void,
    onChunk: (chunk: string | Uint8Array) => Promise<void>,
  ): Promise<void>;
  /** Sends a message on an upgraded request; resolves when it was taken. */
  sendMessage(id: string, message: Uint8Array): Promise<void>;
  /** No more messages come from here. */
  endMessages(id: string): Promise<void>;
  cancelFetch(id: string): Promise<void>;
  /**
   * Resolves when the cluster is ready: every Node of `nodes` Ready by a lease renewed since `sinceWallMs`, every Deployment and DaemonSet
   * of kube-system that can be placed available with containers started since then. Rejects with a named state.
   */
  awaitReady(expected: {
    readonly nodes: readonly string[];
    readonly sinceWallMs: number;
    readonly hasControlPlane: boolean;
  }): Promise<void>;
  /** One unary call to the service behind a port of the cluster, as the workstation, without a certificate. Rejects with its error's text. */
  dialCall(address: string, port: number, method: string, request: unknown): Promise<unknown>;
}
