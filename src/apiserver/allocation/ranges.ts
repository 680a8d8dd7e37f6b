/** IPv4 ranges as numbers. */

/** A range of addresses. */
export interface AddressRange {
  /** The network address. */
  readonly base: number;
  readonly size: number;
}

/** 10.96.0.10 as a number. */
export function addressToNumber(address: string): number {
  return address.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

/** A number as 10.96.0.10. */
export function numberToAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

/** Reads 10.96.0.0/12. */
export function parseRange(cidr: string): AddressRange {
  const [address = '0.0.0.0', bits = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  return { base: Math.floor(addressToNumber(address) / size) * size, size };
}

/** Whether the range holds the address. */
export function contains(range: AddressRange, address: string): boolean {
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(address)) return false;
  const number = addressToNumber(address);
  return number >= range.base && number < range.base + range.size;
}
