/**
 * What a Service gets from the server: a cluster IP and node ports. They are reserved before the Service is stored and given
 * back when storing fails; those it no longer uses are given back when it is stored.
 */
import type { Kind, Service } from '#api';
import { internalField, invalid, invalidObject, type KubeObject } from '#apimachinery';
import type { ClusterIps } from './cluster-ips.ts';
import type { NodePorts } from './node-ports.ts';

/** What was reserved for one write. */
export interface Reservation {
  /** The object was stored. */
  keep(): void;
  /** Gives back what the outcome does not need. */
  settle(): Promise<void>;
}

/** Reservations for Services; other kinds pass. */
export interface ServiceAllocator {
  reserve(kind: Kind, object: KubeObject, old: KubeObject | undefined, dryRun: boolean): Promise<Reservation>;
  release(kind: Kind, object: KubeObject): Promise<void>;
}

const nothing: Reservation = { keep: () => undefined, settle: () => Promise.resolve() };

function usesClusterIp(service: Service): boolean {
  return service.spec?.type !== 'ExternalName' && service.spec?.clusterIP !== 'None';
}
function usesNodePorts(service: Service): boolean {
  const { type, allocateLoadBalancerNodePorts } = service.spec ?? {};
  return type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false);
}
function nodePortsOf(service: Service | undefined): number[] {
  const ports = (service?.spec?.ports ?? []).map((port) => port.nodePort ?? 0);
  return [...new Set(ports.filter((port) => port > 0))];
}
function clusterIpOf(service: Service | undefined): string {
  const ip = service?.spec?.clusterIP ?? '';
  return ip === 'None' ? '' : ip;
}

/** Takes for one write, and remembers what. */
class ServiceReservation implements Reservation {
  private readonly takenPorts: number[] = [];
  private takenIp = '';
  private kept = false;

  constructor(
    private readonly ips: ClusterIps,
    private readonly ports: NodePorts,
    private readonly service: Service,
    private readonly old: Service | undefined,
    private readonly kind: Kind,
  ) {}

  private refuse(error: ReturnType<typeof invalid>): Error {
    return invalidObject(this.kind, this.service.metadata.name, [error]);
  }

  async takeClusterIp(): Promise<void> {
    const spec = this.service.spec!;
    const { name, namespace = '' } = this.service.metadata;
    // One family of addresses, which every Service but an ExternalName has.
    if (spec.type !== 'ExternalName') {
      spec.ipFamilies ??= ['IPv4'];
      spec.ipFamilyPolicy ??= 'SingleStack';
      if (spec.clusterIP === 'None') spec.clusterIPs ??= ['None'];
    }
    if (!usesClusterIp(this.service)) return;
    if (spec.clusterIP && spec.clusterIP === clusterIpOf(this.old)) return;
    if (spec.clusterIP) {
      if (!this.ips.inRange(spec.clusterIP))
        throw this.refuse(
          invalid(
            'spec.clusterIPs',
            [spec.clusterIP],
            'failed to allocate IP ' + spec.clusterIP + ': the provided network does not match the current range',
          ),
        );
      const outcome = await this.ips.take(spec.clusterIP, namespace, name);
      if (!outcome) {
        throw this.refuse(
          invalid('spec.clusterIPs', [spec.clusterIP], `failed to allocate IP ${spec.clusterIP}: provided IP is already allocated`),
        );
      }
      // What this Service had before is not given back when this write fails: another server may be making the same Service.
      if (outcome === 'new') this.takenIp = spec.clusterIP;
    } else {
      const address = await this.ips.takeAny(namespace, name);
      if (!address) throw this.refuse(internalField('spec.clusterIPs', 'failed to allocate a serviceIP: range is full'));
      this.takenIp = address;
      spec.clusterIP = address;
    }
    spec.clusterIPs = [spec.clusterIP];
  }

  async takeNodePorts(): Promise<void> {
    const had = nodePortsOf(this.old);
    const taken = new Map<string, number>();
    for (const [at, port] of (this.service.spec?.ports ?? []).entries()) {
      if (!usesNodePorts(this.service)) continue;
      const field = `spec.ports[${at}].nodePort`;
      if (port.nodePort) {
        if (had.includes(port.nodePort) || this.takenPorts.includes(port.nodePort)) continue;
        if (!this.ports.inRange(port.nodePort))
          throw this.refuse(
            invalid(field, port.nodePort, `provided port is not in the valid range. The range of valid ports is ${this.ports.text}`),
          );
        if (!(await this.ports.take(port.nodePort))) throw this.refuse(invalid(field, port.nodePort, 'provided port is already allocated'));
        this.takenPorts.push(port.nodePort);
      } else {
        // TCP and UDP of one number share a node port.
        const shared = taken.get(String(port.port));
        const found = shared ?? (await this.ports.takeAny());
        if (!found) throw this.refuse(internalField(field, 'failed to allocate a nodePort: range is full'));
        if (shared === undefined) this.takenPorts.push(found);
        taken.set(String(port.port), found);
        port.nodePort = found;
      }
    }
  }

  keep(): void {
    this.kept = true;
  }

  async settle(): Promise<void> {
    const now = this.kept ? this.service : this.old;
    const used = nodePortsOf(now);
    const candidates = this.kept ? nodePortsOf(this.old) : this.takenPorts;
    const ports = candidates.filter((port) => !used.includes(port));
    if (ports.length > 0) await this.ports.release(ports);
    const ip = this.kept ? clusterIpOf(this.old) : this.takenIp;
    if (ip && ip !== clusterIpOf(now)) await this.ips.release(ip);
  }
}

/** The allocator of Services. */
export function createServiceAllocator(ips: ClusterIps, ports: NodePorts): ServiceAllocator {
  const isService = (kind: Kind): boolean => kind.group === '' && kind.plural === 'services';
  return {
    async reserve(kind, object, old, dryRun) {
      if (!isService(kind) || dryRun) return nothing;
      const reservation = new ServiceReservation(ips, ports, object as Service, old as Service | undefined, kind);
      try {
        await reservation.takeClusterIp();
        await reservation.takeNodePorts();
      } catch (error) {
        await reservation.settle();
        throw error;
      }
      return reservation;
    },
    async release(kind, object) {
      if (!isService(kind)) return;
      const ip = clusterIpOf(object as Service);
      if (ip) await ips.release(ip);
      const released = nodePortsOf(object as Service);
      if (released.length > 0) await ports.release(released);
    },
  };
}
