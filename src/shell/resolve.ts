/** Host names of the network programs: the C library's lookup over the process's own files and network. */
import { DnsError, lookUp, type Address, type Process } from '#host';

/** The addresses of a name; empty where it has none or no server answers. */
export async function addressesOf(process: Process, name: string): Promise<Address[]> {
  try {
    return await lookUp(process, name);
  } catch (error) {
    if (error instanceof DnsError) return [];
    throw error;
  }
}
