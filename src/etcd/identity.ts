/** Member and cluster ids, derived as etcd does it: from the peer URLs and the cluster's token, so that all members agree before they meet. */
import type { Crypto } from '#host';

/** One entry of `--initial-cluster`. */
export interface InitialMember {
  readonly name: string;
  readonly peerUrls: readonly string[];
}

/** The first 8 bytes of a digest as an id; never one whose number in the consensus core would be 0. */
function idOf(crypto: Crypto, text: string): string {
  const digest = crypto.sha256(text);
  let id = '';
  for (let at = 0; at < 8; at++) id += digest[at]!.toString(16).padStart(2, '0');
  const trimmed = id.replace(/^0+/, '');
  return /^0*$/.test(trimmed.slice(-13)) ? '1' : trimmed;
}

/** Id of a member. `when` (milliseconds, members added later) sets apart lives of the same address. */
export function memberIdOf(crypto: Crypto, peerUrls: readonly string[], token: string, when?: number): string {
  return idOf(crypto, [...peerUrls].sort().join('') + token + (when === undefined ? '' : String(Math.floor(when / 1000))));
}

/** Id of a cluster: from the ids of its first members. */
export function clusterIdOf(crypto: Crypto, memberIds: readonly string[]): string {
  return idOf(crypto, [...memberIds].sort().join(''));
}

/** Reads `--initial-cluster`: `name=url,name=url`; a name may repeat with further URLs. Throws an Error in etcd's words. */
export function parseInitialCluster(text: string): InitialMember[] {
  const urls = new Map<string, string[]>();
  for (const part of text.split(',').filter((entry) => entry !== '')) {
    const equals = part.indexOf('=');
    const name = equals < 0 ? '' : part.slice(0, equals);
    if (name === '') throw new Error(`empty URL given for "${part}"`);
    checkUrl(part.slice(equals + 1));
    urls.set(name, [...(urls.get(name) ?? []), part.slice(equals + 1)]);
  }
  return [...urls].map(([name, peerUrls]) => ({ name, peerUrls: peerUrls.sort() }));
}

/** Throws an Error in the words of etcd's types.NewURLs. */
export function checkUrl(url: string): void {
  const match = /^(\w+):\/\/([^/]*)(.*)$/.exec(url);
  if (!match || !['http', 'https'].includes(match[1]!)) throw new Error(`URL scheme must be http, https, unix, or unixs: ${url}`);
  if (!/^[^:]+:\d+$/.test(match[2]!)) throw new Error(`URL address does not have the form "host:port": ${url}`);
  if (match[3] !== '' && match[3] !== '/') throw new Error(`URL must not contain a path: ${url}`);
}

/** Where a URL leads. */
export interface UrlTarget {
  readonly address: string;
  readonly port: number;
  readonly isTls: boolean;
}

/** Host, port and scheme of a URL that `checkUrl` accepts. */
export function urlTarget(url: string): UrlTarget {
  checkUrl(url);
  const [, scheme, host] = /^(\w+):\/\/([^/]*)/.exec(url)!;
  const [address, port] = host!.split(':') as [string, string];
  return { address: address === 'localhost' ? '127.0.0.1' : address, port: Number(port), isTls: scheme === 'https' };
}
