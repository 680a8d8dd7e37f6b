/** The host-local address plug-in: one file per address below /var/lib/cni/networks/<network>, the next one taken in turn, so that a freed address rests. */
import type { Address, Files } from '#host';

const toNumber = (address: Address): number => address.split('.').reduce((value, part) => value * 256 + Number(part), 0);
const toAddress = (value: number): Address => [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');

/** First and last usable address of a subnet; the first one (.1) is the gateway's. */
export function rangeOf(subnet: string): { gateway: Address; first: Address; last: Address } {
  const [base, bits] = subnet.split('/') as [string, string];
  const size = 2 ** (32 - Number(bits));
  const start = Math.floor(toNumber(base) / size) * size;
  return { gateway: toAddress(start + 1), first: toAddress(start + 2), last: toAddress(start + size - 2) };
}

const LAST_RESERVED = 'last_reserved_ip.0';

/** Takes the next free address for a container. Throws an Error with the plug-in's text when none is left. */
export function allocate(files: Files, directory: string, subnet: string, containerId: string): Address {
  files.makeDirectory(directory, { recursive: true });
  const { first, last } = rangeOf(subnet);
  const [low, high] = [toNumber(first), toNumber(last)];
  const lastPath = `${directory}/${LAST_RESERVED}`;
  const previous = files.stat(lastPath) ? toNumber(files.readText(lastPath).trim()) : low - 1;
  const start = previous >= low && previous < high ? previous + 1 : low;
  const count = high - low + 1;
  for (let step = 0; step < count; step++) {
    const address = toAddress(low + ((start - low + step) % count));
    if (files.stat(`${directory}/${address}`)) continue;
    files.write(`${directory}/${address}`, `${containerId}\r\neth0`);
    files.write(lastPath, address);
    return address;
  }
  throw new Error(`no IP addresses available in range set: ${first}-${last}`);
}

/** Frees every address a container holds. */
export function release(files: Files, directory: string, containerId: string): void {
  if (!files.stat(directory)) return;
  for (const name of files.list(directory)) {
    if (name === LAST_RESERVED) continue;
    if (files.readText(`${directory}/${name}`).split('\r\n')[0] === containerId) files.remove(`${directory}/${name}`);
  }
}
