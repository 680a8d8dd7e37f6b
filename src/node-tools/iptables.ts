/** iptables-save and iptables -L: the kernel's address rules in the chains kube-proxy makes of them (KUBE-SERVICES, KUBE-SVC-…, KUBE-SEP-…). Reading only. */
import type { Crypto, Process, Program, ServiceRule } from '#host';
import { readOptions, UsageError } from '#shell';

/** One rule of a chain, in the words of iptables-save and in the columns of -L. */
interface Rule {
  readonly chain: string;
  readonly protocol?: string;
  readonly source?: string;
  readonly destination?: string;
  /** Between address and target. */
  readonly match: string;
  readonly target: string;
  /** Behind the target. */
  readonly targetOptions?: string;
  /** What -L shows behind the addresses. */
  readonly listed: string;
}

/** A table: its built-in chains, those that kube-proxy added, and the rules. */
interface Table {
  readonly builtIn: readonly string[];
  readonly rules: readonly Rule[];
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function base32(bytes: Uint8Array): string {
  let text = '';
  let value = 0;
  let bits = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(value >> bits) & 31]!;
    }
  }
  return text;
}

/** kube-proxy's chain names: a prefix and 16 characters of a hash (pkg/proxy/iptables portProtoHash). */
export function chainName(
  crypto: Pick<Crypto, 'sha256'>,
  prefix: 'KUBE-SVC-' | 'KUBE-SEP-' | 'KUBE-EXT-',
  service: string,
  protocol: string,
  endpoint = '',
): string {
  return prefix + base32(crypto.sha256(service + protocol + endpoint)).slice(0, 16);
}

const comment = (text: string): string => `-m comment --comment ${/\s/.test(text) ? `"${text}"` : text}`;
const MASQUERADE = 'KUBE-MARK-MASQ';
const POD_NETWORK = '10.244.0.0/16';

function serviceChain(crypto: Crypto, { comment: name, protocol, address, port, backends }: ServiceRule): Rule[] {
  const proto = protocol.toLowerCase();
  const chain = chainName(crypto, 'KUBE-SVC-', name, proto);
  const rules: Rule[] = [];
  if (address !== 'node')
    rules.push({
      chain,
      protocol: proto,
      source: `! ${POD_NETWORK}`,
      destination: address,
      match: `${comment(`${name} cluster IP`)} -m ${proto} --dport ${port}`,
      target: MASQUERADE,
      listed: `/* ${name} cluster IP */ ${proto} dpt:${port}`,
    });
  backends.forEach((backend, at) => {
    const endpoint = `${backend.address}:${backend.port}`;
    const left = backends.length - at;
    const chance = left === 1 ? '' : ` -m statistic --mode random --probability ${(1 / left).toFixed(11)}`;
    rules.push({
      chain,
      match: `${comment(`${name} -> ${endpoint}`)}${chance}`,
      target: chainName(crypto, 'KUBE-SEP-', name, proto, endpoint),
      listed: `/* ${name} -> ${endpoint} */${left === 1 ? '' : ` statistic mode random probability ${(1 / left).toFixed(11)}`}`,
    });
  });
  return rules;
}

function endpointChains(crypto: Crypto, { comment: name, protocol, backends }: ServiceRule): Rule[] {
  const proto = protocol.toLowerCase();
  return backends.flatMap(({ address, port }): Rule[] => {
    const chain = chainName(crypto, 'KUBE-SEP-', name, proto, `${address}:${port}`);
    return [
      { chain, source: address, match: comment(name), target: MASQUERADE, listed: `/* ${name} */` },
      {
        chain,
        protocol: proto,
        match: `${comment(name)} -m ${proto}`,
        target: 'DNAT',
        targetOptions: `--to-destination ${address}:${port}`,
        listed: `/* ${name} */ ${proto} to:${address}:${port}`,
      },
    ];
  });
}

function entryRule(crypto: Crypto, { comment: name, protocol, address, port }: ServiceRule): Rule {
  const proto = protocol.toLowerCase();
  const target = chainName(crypto, address === 'node' ? 'KUBE-EXT-' : 'KUBE-SVC-', name, proto);
  if (address === 'node')
    return {
      chain: 'KUBE-NODEPORTS',
      protocol: proto,
      match: `${comment(name)} -m ${proto} --dport ${port}`,
      target,
      listed: `/* ${name} */ ${proto} dpt:${port}`,
    };
  return {
    chain: 'KUBE-SERVICES',
    protocol: proto,
    destination: address,
    match: `${comment(`${name} cluster IP`)} -m ${proto} --dport ${port}`,
    target,
    listed: `/* ${name} cluster IP */ ${proto} dpt:${port}`,
  };
}

/** The chain of a Service that is reached from outside: the client's address is replaced, so that the answer comes back this way. */
function externalChain(crypto: Crypto, { comment: name, protocol }: ServiceRule): Rule[] {
  const proto = protocol.toLowerCase();
  const chain = chainName(crypto, 'KUBE-EXT-', name, proto);
  const text = `masquerade traffic for ${name} external destinations`;
  return [
    { chain, match: comment(text), target: MASQUERADE, listed: `/* ${text} */` },
    { chain, match: '', target: chainName(crypto, 'KUBE-SVC-', name, proto), listed: '' },
  ];
}

const PORTALS = 'kubernetes service portals';
const LAST_RULE = 'kubernetes service nodeports; NOTE: this must be the last rule in this chain';

/** The nat table of the rules in force. */
export function natTable(crypto: Crypto, rules: readonly ServiceRule[]): Table {
  const served = rules.filter(({ backends }) => backends.length > 0);
  const unique = [
    ...new Map(
      served.map((rule) => [
        `${rule.comment}/${rule.protocol}`,
        served.find((other) => other.comment === rule.comment && other.protocol === rule.protocol && other.address !== 'node') ?? rule,
      ]),
    ).values(),
  ];
  const hook = (chain: string): Rule => ({ chain, match: comment(PORTALS), target: 'KUBE-SERVICES', listed: `/* ${PORTALS} */` });
  return {
    builtIn: ['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'],
    rules:
      rules.length === 0
        ? []
        : [
            hook('PREROUTING'),
            hook('OUTPUT'),
            {
              chain: 'POSTROUTING',
              match: comment('kubernetes postrouting rules'),
              target: 'KUBE-POSTROUTING',
              listed: '/* kubernetes postrouting rules */',
            },
            { chain: MASQUERADE, match: '', target: 'MARK', targetOptions: '--set-xmark 0x4000/0x4000', listed: 'MARK or 0x4000' },
            ...served.filter(({ address }) => address === 'node').map((rule) => entryRule(crypto, rule)),
            ...served.filter(({ address }) => address === 'node').flatMap((rule) => externalChain(crypto, rule)),
            { chain: 'KUBE-POSTROUTING', match: '-m mark ! --mark 0x4000/0x4000', target: 'RETURN', listed: 'mark match ! 0x4000/0x4000' },
            { chain: 'KUBE-POSTROUTING', match: '', target: 'MARK', targetOptions: '--set-xmark 0x4000/0x0', listed: 'MARK xor 0x4000' },
            {
              chain: 'KUBE-POSTROUTING',
              match: comment('kubernetes service traffic requiring SNAT'),
              target: 'MASQUERADE',
              targetOptions: '--random-fully',
              listed: '/* kubernetes service traffic requiring SNAT */ random-fully',
            },
            ...unique.flatMap((rule) => endpointChains(crypto, rule)),
            ...served.filter(({ address }) => address !== 'node').map((rule) => entryRule(crypto, rule)),
            {
              chain: 'KUBE-SERVICES',
              match: `${comment(LAST_RULE)} -m addrtype --dst-type LOCAL`,
              target: 'KUBE-NODEPORTS',
              listed: `/* ${LAST_RULE} */ ADDRTYPE match dst-type LOCAL`,
            },
            ...unique.flatMap((rule) => serviceChain(crypto, rule)),
          ],
  };
}

/** The filter table: Services without endpoints are refused. */
export function filterTable(rules: readonly ServiceRule[]): Table {
  const refused = rules.filter(({ backends }) => backends.length === 0);
  const hook = (chain: string): Rule => ({
    chain,
    match: `-m conntrack --ctstate NEW ${comment(PORTALS)}`,
    target: 'KUBE-SERVICES',
    listed: `ctstate NEW /* ${PORTALS} */`,
  });
  return {
    builtIn: ['INPUT', 'FORWARD', 'OUTPUT'],
    rules: [
      ...(rules.length === 0 ? [] : [hook('FORWARD'), hook('OUTPUT')]),
      ...refused.map(({ comment: name, protocol, address, port, withoutBackends }): Rule => {
        const proto = protocol.toLowerCase();
        const isReject = withoutBackends === 'reject';
        return {
          chain: address === 'node' ? 'KUBE-EXTERNAL-SERVICES' : 'KUBE-SERVICES',
          protocol: proto,
          ...(address === 'node' ? {} : { destination: address }),
          match: `${comment(`${name} has no endpoints`)} -m ${proto} --dport ${port}`,
          target: isReject ? 'REJECT' : 'DROP',
          ...(isReject ? { targetOptions: '--reject-with icmp-port-unreachable' } : {}),
          listed: `/* ${name} has no endpoints */ ${proto} dpt:${port}${isReject ? ' reject-with icmp-port-unreachable' : ''}`,
        };
      }),
    ],
  };
}

const chainsOf = ({ rules, builtIn }: Table): string[] =>
  [...new Set(rules.flatMap(({ chain, target }) => (target.startsWith('KUBE-') ? [chain, target] : [chain])))]
    .filter((chain) => !builtIn.includes(chain))
    .sort();

function saveText(name: string, table: Table, wallMs: number): string {
  const date = new Date(wallMs)
    .toUTCString()
    .replace(
      /^(\w+), (\d+) (\w+) (\d+) ([\d:]+) GMT$/,
      (_, day: string, number: string, month: string, year: string, time: string) =>
        `${day} ${month} ${String(Number(number)).padStart(2)} ${time} ${year}`,
    );
  const prefix = (address: string): string =>
    address.startsWith('! ') ? `! -s ${address.slice(2)}` : `-s ${address}${address.includes('/') ? '' : '/32'}`;
  const lines = table.rules.map(({ chain, protocol, source, destination, match, target, targetOptions }) =>
    [
      `-A ${chain}`,
      source === undefined ? '' : prefix(source),
      destination === undefined ? '' : `-d ${destination}/32`,
      protocol === undefined ? '' : `-p ${protocol}`,
      match,
      `-j ${target}`,
      targetOptions ?? '',
    ]
      .filter((part) => part !== '')
      .join(' '),
  );
  const declared = [...table.builtIn.map((chain) => `:${chain} ACCEPT [0:0]`), ...chainsOf(table).map((chain) => `:${chain} - [0:0]`)];
  return `# Generated by iptables-save v1.8.9 on ${date}\n*${name}\n${[...declared, ...lines].join('\n')}\nCOMMIT\n# Completed on ${date}\n`;
}

function listText(table: Table, wanted: string | undefined): string | undefined {
  const chains = [...table.builtIn, ...chainsOf(table)];
  if (wanted !== undefined && !chains.includes(wanted)) return undefined;
  const numbered: Readonly<Record<string, string>> = { tcp: 'tcp', udp: 'udp', sctp: 'sctp' };
  return (wanted === undefined ? chains : [wanted])
    .map((chain) => {
      const references = table.rules.filter(({ target }) => target === chain).length;
      const title = table.builtIn.includes(chain) ? `Chain ${chain} (policy ACCEPT)` : `Chain ${chain} (${references} references)`;
      const rows = table.rules
        .filter((rule) => rule.chain === chain)
        .map(
          ({ target, protocol, source = '0.0.0.0/0', destination = '0.0.0.0/0', listed }) =>
            `${target.padEnd(10)} ${(numbered[protocol ?? ''] ?? 'all').padEnd(4)} --  ${(source.startsWith('! ') ? `!${source.slice(2)}` : source).padEnd(20)} ${destination.padEnd(20)} ${listed}`,
        );
      return `${[title, `target     prot opt source               destination         `, ...rows].join('\n')}\n`;
    })
    .join('\n');
}

const tablesOf = (process: Process): Readonly<Record<string, Table>> => {
  const rules = process.kernel?.serviceRules() ?? [];
  return { filter: filterTable(rules), nat: natTable(process.crypto, rules) };
};

const notRoot = async (process: Process): Promise<number> => {
  await process.stderr.write(`${process.name}: Could not fetch rule set generation id: Permission denied (you must be root)\n`);
  return 4;
};

/** iptables-save [-t table]. */
export const iptablesSave: Program = async (process) => {
  if (!process.kernel) return notRoot(process);
  const at = process.argv.indexOf('-t');
  const wanted = at < 0 ? undefined : process.argv[at + 1];
  for (const [name, table] of Object.entries(tablesOf(process)).reverse())
    if (wanted === undefined || wanted === name) await process.stdout.write(saveText(name, table, process.clock.wallMs()));
  return 0;
};

/** iptables [-t table] -L [chain] [-n], and -S. */
export const iptables: Program = async (process) => {
  if (!process.kernel) return notRoot(process);
  try {
    const options = readOptions(process.argv, {
      flags: 'LSnv',
      values: 't',
      long: { table: 't', list: 'L', 'list-rules': 'S', numeric: 'n', verbose: 'v', 'line-numbers': 'v' },
    });
    const name = options.value('t') ?? 'filter';
    const table = tablesOf(process)[name];
    if (!table) throw new UsageError(`can't initialize iptables table \`${name}': Table does not exist (do you need to insmod?)`, 3);
    if (!options.has('L') && !options.has('S'))
      throw new UsageError("the lab's rules are written by kube-proxy and can only be listed: -L or -S", 2);
    const [chain] = options.operands;
    const saved = saveText(name, table, process.clock.wallMs());
    const text = options.has('S')
      ? `${saved
          .split('\n')
          .filter((line) => line.startsWith('-A') && (chain === undefined || line.startsWith(`-A ${chain} `)))
          .join('\n')}\n`
      : listText(table, chain);
    if (text === undefined) throw new UsageError('No chain/target/match by that name.', 1);
    await process.stdout.write(text);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    await process.stderr.write(`${process.name}: ${error.message}\n`);
    return error.exitCode;
  }
};
