/** The front door of node-tools: the programs of a machine's root shell, and ssh to get there. */
import type { Program } from '#host';
import { ip } from './ip.ts';
import { iptables, iptablesSave } from './iptables.ts';
import { journalctl } from './journalctl.ts';
import { df, free, mount, noPowerSwitch, top, uptime } from './machine-facts.ts';
import { openssl } from './openssl.ts';
import type { NodeServices } from './service-manager.ts';
import { systemctl } from './systemctl.ts';

export { ssh } from './ssh/ssh.ts';
export { sshd } from './ssh/sshd.ts';
export { HOST_CERTIFICATE, HOST_KEY, USER_CA, USER_CERTIFICATE, USER_KEY } from './ssh/protocol.ts';
export type { Journal, JournalEntry, NodeServices, ServiceManager, UnitStatus } from './service-manager.ts';

/** Tools that any machine's shell has, the workstation's too: name → program. */
export const commonTools = (): ReadonlyMap<string, Program> =>
  new Map<string, Program>([
    ['openssl', openssl],
    ['uptime', uptime],
  ]);

/** Tools of a node, over its service manager and journal: name → program. */
export function nodeTools(node: NodeServices): ReadonlyMap<string, Program> {
  return new Map<string, Program>([
    ...commonTools(),
    ['systemctl', systemctl(node)],
    ['journalctl', journalctl(node.journal)],
    ['ip', ip],
    ['iptables', iptables],
    ['iptables-save', iptablesSave],
    ['df', df],
    ['free', free],
    ['mount', mount],
    ['top', top],
    ['reboot', noPowerSwitch],
    ['poweroff', noPowerSwitch],
    ['shutdown', noPowerSwitch],
    ['halt', noPowerSwitch],
  ]);
}
