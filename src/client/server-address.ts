/** The server of a configuration taken apart: protocol, host, port, path prefix, and the address its name stands for (/etc/hosts). */
import type { Files } from '#host';
import { NetworkError } from '#host';

/** A server URL taken apart. */
export interface ServerAddress {
  readonly protocol: 'http' | 'https';
  /** `10.0.0.10:6443`, as URLs and error texts show it. */
  readonly host: string;
  readonly name: string;
  readonly port: number;
  /** Path in front of every request, without trailing slash. */
  readonly prefix: string;
  /** The IPv4 address to dial. Throws NetworkError with Go's `dial tcp: lookup` text for an unknown name. */
  address(): string;
}

const IPV4 = /^\d{1,3}(\.\d{1,3}){3}$/;

/** The address /etc/hosts gives a name. */
export function lookupHosts(files: Files, name: string): string | undefined {
  if (!files.stat('/etc/hosts')) return undefined;
  for (const line of files.readText('/etc/hosts').split('\n')) {
    const [address, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (address && IPV4.test(address) && names.includes(name)) return address;
  }
  return undefined;
}

/** Takes a server URL apart. Throws an Error for anything but http and https. */
export function resolveServer(server: string, files: Files | undefined): ServerAddress {
  const url = new URL(server);
  const protocol = url.protocol === 'http:' ? 'http' : url.protocol === 'https:' ? 'https' : undefined;
  if (!protocol) throw new Error(`host must be a URL or a host:port pair: "${server}"`);
  const port = url.port ? Number(url.port) : protocol === 'http' ? 80 : 443;
  const name = url.hostname;
  return {
    protocol,
    host: url.host,
    name,
    port,
    prefix: url.pathname.replace(/\/+$/, ''),
    address() {
      if (IPV4.test(name)) return name;
      const address = (files && lookupHosts(files, name)) ?? (name === 'localhost' ? '127.0.0.1' : undefined);
      if (!address) throw new NetworkError('EHOSTUNREACH', `dial tcp: lookup ${name}: no such host`);
      return address;
    },
  };
}
