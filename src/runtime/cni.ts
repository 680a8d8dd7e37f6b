/** The container network interface as the runtime uses it (CNI 1.0): plug-ins attach and detach sandboxes. Implemented by #network's cni. */
import type { Files, Kernel } from '#host';

/** What a plug-in may touch when the runtime executes it: the runtime's own facets. */
export interface CniEnvironment {
  readonly files: Files;
  readonly kernel: Kernel;
}

/** CNI_ARGS of a sandbox. */
export interface CniAttachment {
  /** Sandbox id. */
  readonly containerId: string;
  /** Network namespace to create and give an address. */
  readonly namespace: string;
  readonly podNamespace: string;
  readonly podName: string;
}

/** The network as the runtime uses it. */
export interface Cni {
  /** Whether a usable configuration list exists in /etc/cni/net.d (STATUS). */
  isConfigured(environment: CniEnvironment): boolean;
  /** ADD: creates the namespace and answers its address. Throws an Error with the plug-in's text. */
  add(environment: CniEnvironment, attachment: CniAttachment): { readonly address: string };
  /** DEL: frees what ADD took; what is gone already is no error. */
  remove(environment: CniEnvironment, attachment: CniAttachment): void;
}
