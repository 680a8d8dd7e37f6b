/** nslookup, dig and host: questions to the name servers of /etc/resolv.conf (or to a given one). Texts are those of BIND's tools. */
import {
  askServer,
  candidatesOf,
  DnsError,
  readResolverConfiguration,
  type DnsAnswer,
  type DnsRecord,
  type DnsType,
  type Process,
} from '#host';
import { applet, UsageError } from '../applet.ts';
import { addressesOf } from '../resolve.ts';

const TYPES: readonly DnsType[] = ['A', 'AAAA', 'SRV', 'PTR', 'CNAME', 'NS', 'SOA', 'TXT'];
const isAddress = (text: string): boolean => /^\d+\.\d+\.\d+\.\d+$/.test(text);
const reverseName = (address: string): string => `${address.split('.').reverse().join('.')}.in-addr.arpa`;
const maybeType = (text: string): DnsType | undefined => TYPES.find((type) => type === text.toUpperCase());

interface Found {
  readonly answer: DnsAnswer;
  /** The name that was asked for, of the search list's candidates the last. */
  readonly name: string;
  readonly server: string;
}

async function serverOf(process: Process, given: string | undefined): Promise<string> {
  if (given !== undefined) {
    const [address] = await addressesOf(process, given);
    if (address === undefined) throw new UsageError(`couldn't get address for '${given}': not found`, 10);
    return address;
  }
  const [first] = readResolverConfiguration(process.files).servers;
  if (first === undefined) throw new UsageError('no servers could be reached', 9);
  return first;
}

/** Asks for each candidate of the search list until one exists. */
async function search(process: Process, server: string, name: string, type: DnsType, useSearchList: boolean): Promise<Found> {
  const candidates = useSearchList ? candidatesOf(name, readResolverConfiguration(process.files)) : [name.replace(/\.$/, '')];
  let found: Found | undefined;
  for (const candidate of candidates) {
    const answer = await askServer(process, server, candidate, type);
    found = { answer, name: candidate, server };
    if (answer.rcode === 'NOERROR' && answer.answers.length > 0) return found;
    if (answer.rcode !== 'NXDOMAIN' && answer.rcode !== 'NOERROR') break;
  }
  return found!;
}

/** A name as the tools print it: with its last dot. */
const absolute = (name: string): string => (name.endsWith('.') ? name : `${name}.`);

function recordLine({ name, type, data }: DnsRecord): string {
  switch (type) {
    case 'A':
    case 'AAAA':
      return `Name:\t${name}\nAddress: ${data}\n`;
    case 'CNAME':
      return `${name}\tcanonical name = ${absolute(data)}\n`;
    case 'PTR':
      return `${name}\tname = ${absolute(data)}\n`;
    case 'SRV':
      return `${name}\tservice = ${absolute(data)}\n`;
    case 'NS':
      return `${name}\tnameserver = ${absolute(data)}\n`;
    case 'TXT':
      return `${name}\ttext = "${data}"\n`;
    default:
      return `${name}\n\t${type} ${data}\n`;
  }
}

/** nslookup NAME [SERVER]; -type=SRV. */
export const nslookup = async (process: Process): Promise<number> => {
  const words = process.argv.filter((word) => !word.startsWith('-'));
  const option = process.argv.find((word) => /^-(query)?type=|^-q(uery)?=/.test(word));
  const asked = option === undefined ? undefined : maybeType(option.slice(option.indexOf('=') + 1));
  if (option !== undefined && asked === undefined) {
    await process.stderr.write(`unknown query type: ${option.slice(option.indexOf('=') + 1)}\n`);
    return 1;
  }
  const [name, server] = words;
  if (name === undefined) {
    await process.stderr.write('nslookup: interactive mode is not built in; usage: nslookup [-type=TYPE] NAME [SERVER]\n');
    return 1;
  }
  try {
    const address = await serverOf(process, server);
    const type = asked ?? (isAddress(name) ? 'PTR' : 'A');
    const found = await search(process, address, isAddress(name) ? reverseName(name) : name, type, !isAddress(name));
    const head = `Server:\t\t${address}\nAddress:\t${address}#53\n\n`;
    const { answer } = found;
    if (answer.rcode !== 'NOERROR') {
      await process.stdout.write(`${head}** server can't find ${answer.rcode === 'NXDOMAIN' ? name : found.name}: ${answer.rcode}\n\n`);
      return 1;
    }
    if (answer.answers.length === 0) {
      await process.stdout.write(`${head}*** Can't find ${name}: No answer\n\n`);
      return 1;
    }
    await process.stdout.write(`${head}${answer.answers.map(recordLine).join('')}\n`);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      await process.stderr.write(`nslookup: ${error.message}\n`);
      return 1;
    }
    if (!(error instanceof DnsError)) throw error;
    await process.stdout.write(`;; connection timed out; no servers could be reached\n\n`);
    return 1;
  }
};

const rdata = ({ type, data }: DnsRecord): string =>
  ['CNAME', 'PTR', 'NS', 'SRV'].includes(type) ? `${data}.` : type === 'TXT' ? `"${data}"` : data;
const column = (name: string): string => `${name}.${'\t'.repeat(Math.max(1, 3 - Math.floor((name.length + 1) / 8)))}`;

interface Question {
  readonly name: string;
  readonly type: DnsType;
  readonly server: string | undefined;
  readonly options: ReadonlySet<string>;
}

function readQuestion(process: Process): Question {
  let name: string | undefined;
  let type: DnsType | undefined;
  let server: string | undefined;
  const options = new Set<string>();
  const words = [...process.argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word.startsWith('@')) server = word.slice(1);
    else if (word.startsWith('+')) options.add(word.slice(1));
    else if (word === '-t') type = maybeType(words.shift() ?? '');
    else if (word === '-x') {
      name = reverseName(words.shift() ?? '');
      type = 'PTR';
    } else if (maybeType(word) && name !== undefined) type = maybeType(word);
    else name ??= word;
  }
  if (name === undefined) throw new UsageError('usage: dig [@server] name [type] [+short] [+search]');
  return { name, type: type ?? 'A', server, options };
}

/** dig: the answer as sections; +short, +search, +noall +answer, -x. */
export const dig = async (process: Process): Promise<number> => {
  try {
    const { name, type, server, options } = readQuestion(process);
    const address = await serverOf(process, server);
    const startMs = process.clock.monotonicMs();
    const found = await search(process, address, name, type, options.has('search'));
    const { answer } = found;
    if (options.has('short')) {
      await process.stdout.write(answer.answers.map((record) => `${rdata(record)}\n`).join(''));
      return 0;
    }
    const records = answer.answers.map((record) => `${column(record.name)}${record.ttl}\tIN\t${record.type}\t${rdata(record)}\n`).join('');
    if (options.has('noall')) {
      if (options.has('answer')) await process.stdout.write(records);
      return 0;
    }
    const flags = `qr${answer.authoritative ? ' aa' : ''} rd`;
    const header = `\n; <<>> DiG 9.18.33 <<>> ${process.argv.join(' ')}\n;; global options: +cmd\n;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: ${answer.rcode}, id: ${answer.id}\n;; flags: ${flags}; QUERY: 1, ANSWER: ${answer.answers.length}, AUTHORITY: 0, ADDITIONAL: 0\n\n;; QUESTION SECTION:\n;${column(found.name)}\tIN\t${type}\n\n`;
    const elapsedMs = Math.round(process.clock.monotonicMs() - startMs);
    await process.stdout.write(
      `${header}${records ? `;; ANSWER SECTION:\n${records}\n` : ''};; Query time: ${elapsedMs} msec\n;; SERVER: ${address}#53(${address}) (UDP)\n\n`,
    );
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      await process.stderr.write(`dig: ${error.message}\n`);
      return error.exitCode;
    }
    if (!(error instanceof DnsError)) throw error;
    await process.stdout.write(`;; communications error to ${error.server ?? ''}#53: timed out\n\n;; no servers could be reached\n`);
    return 9;
  }
};

function hostLine({ name, type, data }: DnsRecord): string {
  switch (type) {
    case 'A':
      return `${name} has address ${data}\n`;
    case 'AAAA':
      return `${name} has IPv6 address ${data}\n`;
    case 'CNAME':
      return `${name} is an alias for ${data}.\n`;
    case 'PTR':
      return `${name} domain name pointer ${data}.\n`;
    case 'SRV':
      return `${name} has SRV record ${data}.\n`;
    default:
      return `${name} has ${type} record ${data}\n`;
  }
}

/** host [-t TYPE] NAME [SERVER] */
export const host = applet({ flags: 'av', values: 't' }, async (process, options) => {
  const [name, server] = options.operands;
  if (name === undefined) throw new UsageError('usage: host [-t type] name [server]');
  const type = options.has('t') ? maybeType(options.value('t')!) : isAddress(name) ? 'PTR' : 'A';
  if (type === undefined) throw new UsageError(`invalid type: ${options.value('t')!}`, 2);
  try {
    const address = await serverOf(process, server);
    const found = await search(process, address, isAddress(name) ? reverseName(name) : name, type, !isAddress(name));
    const { rcode, answers } = found.answer;
    if (rcode !== 'NOERROR') {
      await process.stdout.write(
        `Host ${isAddress(name) ? `${reverseName(name)}.` : name} not found: ${rcode === 'NXDOMAIN' ? 3 : rcode === 'REFUSED' ? 5 : 2}(${rcode})\n`,
      );
      return 1;
    }
    await process.stdout.write(answers.length ? answers.map(hostLine).join('') : `${found.name} has no ${type} record\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    await process.stdout.write(';; connection timed out; no servers could be reached\n');
    return 1;
  }
});
