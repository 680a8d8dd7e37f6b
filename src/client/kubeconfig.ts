/**
 * Kubeconfig files and what is made of them: the `clientcmd` package of client-go. Reads clusters, users, contexts and
 * current-context with inline data or file references. Exec plug-ins, auth providers and proxies are left out.
 */
import type { Certificate, Crypto, Files, Identity } from '#host';
import { FileError } from '#host';
import { YAMLParseError } from 'yaml';
import { readYaml } from './yaml.ts';

/** A cluster entry of a kubeconfig, as it stands in the file. */
export interface KubeconfigCluster {
  server?: string;
  'certificate-authority'?: string;
  'certificate-authority-data'?: string;
  'tls-server-name'?: string;
  'insecure-skip-tls-verify'?: boolean;
}
/** A user entry of a kubeconfig. */
export interface KubeconfigUser {
  'client-certificate'?: string;
  'client-certificate-data'?: string;
  'client-key'?: string;
  'client-key-data'?: string;
  token?: string;
  tokenFile?: string;
  as?: string;
  'as-groups'?: string[];
}
/** A context entry of a kubeconfig. */
export interface KubeconfigContext {
  cluster: string;
  user: string;
  namespace?: string;
}
/** A kubeconfig as it stands in the file. */
export interface Kubeconfig {
  apiVersion?: string;
  kind?: string;
  preferences?: object;
  clusters?: { name: string; cluster: KubeconfigCluster }[] | null;
  users?: { name: string; user: KubeconfigUser }[] | null;
  contexts?: { name: string; context: KubeconfigContext }[] | null;
  'current-context'?: string;
}

/** Everything a REST client needs to know of its server and itself (rest.Config of client-go). */
export interface RestConfig {
  /** `https://10.0.0.10:6443`, with a path prefix where the API lives below one. */
  readonly server: string;
  /** Name the server's certificate must carry, where it is not the host of `server`. */
  readonly serverName?: string;
  /** CAs that sign the server's certificate. */
  readonly rootCas?: readonly Certificate[];
  readonly insecureSkipVerify?: boolean;
  /** Client certificate and key. */
  readonly identity?: Identity;
  /** Bearer token of the next request; asked each time, so that a projected token may rotate. Undefined: none. */
  readonly token?: () => string | undefined;
  /** User and groups to act as (`Impersonate-User`, `Impersonate-Group`). */
  readonly impersonate?: { readonly user: string; readonly groups?: readonly string[] };
  /** The context's namespace, `default` where it names none. */
  readonly namespace: string;
  /** Deadline of requests that are no watches, in milliseconds. Default 60,000. */
  readonly timeoutMs?: number;
}

/** What the command line may set over a kubeconfig (`--context`, `--cluster`, `--user`, `--server`, `--namespace`, `--token`, `--as` …). */
export interface KubeconfigOverrides {
  readonly context?: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly server?: string;
  readonly namespace?: string;
  readonly token?: string;
  readonly as?: string;
  readonly asGroups?: readonly string[];
  readonly insecureSkipVerify?: boolean;
  readonly timeoutMs?: number;
}

/** Reads a kubeconfig's text. Throws an Error with client-go's `error loading config file` text. */
export function parseKubeconfig(text: string, path: string): Kubeconfig {
  try {
    const config = readYaml(text);
    if (config === null || config === undefined) return {};
    if (typeof config !== 'object' || Array.isArray(config)) throw new Error('cannot unmarshal into Go value of type v1.Config');
    return config as Kubeconfig;
  } catch (error) {
    const reason =
      error instanceof YAMLParseError
        ? `yaml: line ${error.linePos?.[0].line ?? 1}: ${error.message.split('\n')[0]}`
        : String(error instanceof Error ? error.message : error);
    throw new Error(`error loading config file "${path}": ${reason}`, { cause: error });
  }
}

const decoder = (base64: string): string => {
  const binary = atob(base64);
  return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
};

/** Data given inline or by file; a relative path starts at the kubeconfig's directory. */
function readPart(
  files: Files,
  directory: string,
  data: string | undefined,
  file: string | undefined,
  what: string,
  owner: string,
): string | undefined {
  if (data) return decoder(data);
  if (!file) return undefined;
  const path = file.startsWith('/') ? file : `${directory}/${file}`;
  try {
    return files.readText(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new Error(`invalid configuration: unable to read ${what} ${path} for ${owner} due to open ${path}: ${error.message}`, {
      cause: error,
    });
  }
}

function identityOf(files: Files, directory: string, user: KubeconfigUser, name: string, crypto: Crypto): Identity | undefined {
  const certificate = readPart(files, directory, user['client-certificate-data'], user['client-certificate'], 'client-cert', name);
  const key = readPart(files, directory, user['client-key-data'], user['client-key'], 'client-key', name);
  if (!certificate && !key) return undefined;
  if (!key)
    throw new Error(
      `invalid configuration: client-key-data or client-key must be specified for ${name} to use the clientCert authentication method.`,
    );
  if (!certificate) throw new Error('tls: failed to find any PEM data in certificate input');
  return { chain: crypto.certificatesFromPem(certificate), key: crypto.keyFromPem(key) };
}

/** The configuration of a kubeconfig's context. Throws Errors with client-go's texts. `directory` is where relative file names start. */
export function restConfigOf(
  kubeconfig: Kubeconfig,
  files: Files,
  directory: string,
  crypto: Crypto,
  overrides: KubeconfigOverrides = {},
): RestConfig {
  const contextName = overrides.context ?? kubeconfig['current-context'] ?? '';
  const context = kubeconfig.contexts?.find((entry) => entry.name === contextName)?.context;
  if (contextName && !context) throw new Error(`context "${contextName}" does not exist`);
  const clusterName = overrides.cluster ?? context?.cluster ?? '';
  const cluster = kubeconfig.clusters?.find((entry) => entry.name === clusterName)?.cluster;
  if (clusterName && !cluster) throw new Error(`cluster "${clusterName}" does not exist`);
  const userName = overrides.user ?? context?.user ?? '';
  const user = kubeconfig.users?.find((entry) => entry.name === userName)?.user;
  if (userName && !user) throw new Error(`auth info "${userName}" does not exist`);
  const server = overrides.server ?? cluster?.server;
  if (!server)
    throw new Error('invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable');
  const ca =
    cluster &&
    readPart(
      files,
      directory,
      cluster['certificate-authority-data'],
      cluster['certificate-authority'],
      'certificate-authority',
      clusterName,
    );
  const tokenFile = user?.tokenFile;
  const token = overrides.token ?? user?.token;
  const as = overrides.as ?? user?.as;
  return {
    server: server.includes('://') ? server : `https://${server}`,
    ...(cluster?.['tls-server-name'] ? { serverName: cluster['tls-server-name'] } : {}),
    ...(ca ? { rootCas: crypto.certificatesFromPem(ca) } : {}),
    ...((overrides.insecureSkipVerify ?? cluster?.['insecure-skip-tls-verify']) ? { insecureSkipVerify: true } : {}),
    ...optionalIdentity(user && identityOf(files, directory, user, userName, crypto)),
    ...(token ? { token: () => token } : tokenFile ? { token: () => files.readText(tokenFile).trim() } : {}),
    ...(as ? { impersonate: { user: as, groups: overrides.asGroups ?? user?.['as-groups'] ?? [] } } : {}),
    namespace: overrides.namespace ?? context?.namespace ?? 'default',
    ...(overrides.timeoutMs === undefined ? {} : { timeoutMs: overrides.timeoutMs }),
  };
}

const optionalIdentity = (identity: Identity | undefined): { identity?: Identity } => (identity ? { identity } : {});

/**
 * Reads the kubeconfig at `path` and answers the configuration of its current context (or what `overrides` choose).
 * Throws Errors with client-go's texts: `stat /x: no such file or directory`, `context "x" does not exist` …
 */
export function loadKubeconfig(files: Files, path: string, crypto: Crypto, overrides: KubeconfigOverrides = {}): RestConfig {
  let text: string;
  try {
    text = files.readText(path);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    throw new Error(`stat ${path}: ${error.message}`, { cause: error });
  }
  return restConfigOf(parseKubeconfig(text, path), files, path.slice(0, Math.max(path.lastIndexOf('/'), 0)), crypto, overrides);
}

/** Where a pod finds its own service account. */
export const serviceAccountDirectory = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The configuration of a pod from its mounted service account and environment. Throws client-go's error where the
 * environment does not name a server, FileError's text where the mount is missing.
 */
export function inClusterConfig(files: Files, env: Readonly<Record<string, string>>, crypto: Crypto): RestConfig {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (!host || !port)
    throw new Error('unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined');
  const tokenPath = `${serviceAccountDirectory}/token`;
  if (!files.stat(tokenPath)) throw new Error(`open ${tokenPath}: no such file or directory`);
  const namespacePath = `${serviceAccountDirectory}/namespace`;
  return {
    server: `https://${host}:${port}`,
    rootCas: crypto.certificatesFromPem(files.readText(`${serviceAccountDirectory}/ca.crt`)),
    token: () => files.readText(tokenPath).trim(),
    namespace: files.stat(namespacePath) ? files.readText(namespacePath).trim() : 'default',
  };
}
