/** The Corefile: CoreDNS' configuration, as far as kubeadm's uses it. Unknown plug-ins are refused with CoreDNS' words. */

/** A plug-in of a server block: its name, the words after it, and its block's lines. */
export interface CorefilePlugin {
  readonly name: string;
  readonly args: readonly string[];
  readonly properties: readonly (readonly string[])[];
}

/** A server block. */
export interface ServerBlock {
  readonly zone: string;
  readonly port: number;
  readonly plugins: readonly CorefilePlugin[];
}

const KNOWN: readonly string[] = [
  'errors',
  'health',
  'ready',
  'kubernetes',
  'prometheus',
  'forward',
  'cache',
  'loop',
  'reload',
  'loadbalance',
  'log',
  'hosts',
  'rewrite',
  'import',
  'template',
];

/** Reads a Corefile. Throws an Error with CoreDNS' text. */
export function parseCorefile(text: string, path: string): ServerBlock[] {
  const blocks: ServerBlock[] = [];
  let zones: string[] | undefined;
  let plugins: { name: string; args: string[]; properties: string[][] }[] = [];
  let inPlugin = false;
  text.split('\n').forEach((raw, index) => {
    const words = raw.replace(/#.*/, '').trim().split(/\s+/).filter(Boolean);
    const opens = words.at(-1) === '{';
    if (opens) words.pop();
    if (words.length === 0 && !opens) return;
    if (words[0] === '}') {
      if (inPlugin) inPlugin = false;
      else if (zones) {
        for (const zone of zones) {
          const [name = '.', port = '53'] = zone.split(':');
          blocks.push({ zone: name, port: Number(port), plugins });
        }
        zones = undefined;
        plugins = [];
      }
    } else if (!zones) zones = words;
    else if (inPlugin) plugins.at(-1)!.properties.push(words);
    else {
      const [name = '', ...args] = words;
      if (!KNOWN.includes(name)) throw new Error(`${path}:${index + 1} - Error during parsing: Unknown directive '${name}'`);
      plugins.push({ name, args, properties: [] });
      inPlugin = opens;
    }
  });
  if (zones) throw new Error(`${path}:${text.split('\n').length} - Error during parsing: Unexpected EOF`);
  return blocks;
}
