/** What the root shell of each machine finds by name: the generic programs and the tools of an administrator. */
import { crictl } from '#crictl';
import { benchmark, etcdctl } from '#etcdctl';
import type { Program } from '#host';
import { kubeadmWith } from '#kubeadm';
import { kubectl } from '#kubectl';
import { nodeTools, ssh, type NodeServices } from '#node-tools';
import { genericPrograms, shell, type Programs } from '#shell';

/** The programs of a machine's shell; `more` are those that only its role has. */
export function nodePrograms(node: NodeServices, more: ReadonlyMap<string, Program> = new Map()): Programs {
  const programs = genericPrograms();
  for (const [name, program] of [...nodeTools(node), ...more]) programs.set(name, program);
  programs.set('crictl', crictl);
  programs.set('etcdctl', etcdctl(programs));
  programs.set('benchmark', benchmark);
  programs.set('kubeadm', kubeadmWith(node.services));
  programs.set('kubectl', kubectl);
  programs.set('ssh', ssh);
  for (const name of ['sh', 'bash']) programs.set(name, shell({ programs }));
  return programs;
}
