/**
 * Address rewriting: what kube-proxy programs as iptables or nftables rules. A destination that a rule names becomes one of its backends,
 * chosen by chance or by the client's affinity. Models DNAT of the `nat` table; leaves out masquerading.
 */
import type { Backend, ServiceRule } from '../kernel.ts';
import type { Address } from '../network.ts';
import type { Endpoint } from '../packets.ts';
import type { Random } from '../random.ts';
import type { TimerHeap } from '../timers.ts';

/** Clients whose backend is remembered for `sessionAffinity: ClientIP`. */
const AFFINITY_ENTRIES = 1_024;

type Protocol = 'TCP' | 'UDP';

/** The rules of one machine. */
export interface ServiceRules {
  /** Where a packet of `client` goes: the destination itself where no rule names it. */
  rewrite(destination: Endpoint, protocol: Protocol, client: Address): Endpoint | 'reject' | 'drop';
  /** Replaces all rules of `owner`. */
  set(owner: string, rules: readonly ServiceRule[]): void;
  list(): readonly ServiceRule[];
}

/** No rules yet. Rules for `node` match the address of the machine itself (node ports). */
export function createServiceRules(machineAddress: Address, timers: TimerHeap, random: Random): ServiceRules {
  const tables = new Map<string, readonly ServiceRule[]>();
  let index = new Map<string, ServiceRule>();
  const affinities = new Map<string, { backend: Backend; untilMs: number }>();
  const ruleFor = ({ address, port }: Endpoint, protocol: Protocol): ServiceRule | undefined =>
    index.get(`${protocol}:${address}:${port}`) ?? (address === machineAddress ? index.get(`${protocol}:node:${port}`) : undefined);
  const boundBackend = (rule: ServiceRule, key: string): Backend | undefined => {
    const bound = rule.affinityMs > 0 ? affinities.get(key) : undefined;
    if (!bound || bound.untilMs <= timers.nowMs) return undefined;
    const isStillThere = rule.backends.some(({ address, port }) => address === bound.backend.address && port === bound.backend.port);
    return isStillThere ? bound.backend : undefined;
  };
  return {
    rewrite(destination, protocol, client) {
      const rule = ruleFor(destination, protocol);
      if (!rule) return destination;
      if (rule.backends.length === 0) return rule.withoutBackends;
      const affinityKey = `${client}>${rule.address}:${rule.port}`;
      const backend = boundBackend(rule, affinityKey) ?? rule.backends[random.below(rule.backends.length)]!;
      if (rule.affinityMs > 0) {
        affinities.set(affinityKey, { backend, untilMs: timers.nowMs + rule.affinityMs });
        if (affinities.size > AFFINITY_ENTRIES) affinities.delete(affinities.keys().next().value!);
      }
      return backend;
    },
    set(owner, rules) {
      tables.set(owner, rules);
      index = new Map();
      for (const table of tables.values()) for (const rule of table) index.set(`${rule.protocol}:${rule.address}:${rule.port}`, rule);
    },
    list: () => [...tables.values()].flat(),
  };
}
