/** kubectl certificate: approves and denies certificate signing requests. */
import { formatTime, type KubeObject } from '#apimachinery';
import { allNamespacesFlag, defineFlag, filenameFlags, outputFlags } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { pathOf } from '../discovery.ts';
import { CommandError } from '../errors.ts';
import { hasFiles } from '../manifests.ts';
import { report } from '../patches.ts';
import { fetchInfos, readTargets, throwCollected } from '../targets.ts';

interface SigningRequest extends KubeObject {
  status?: { conditions?: { type: string; status: string; reason?: string; message?: string; lastUpdateTime?: string }[] };
}

interface Decision {
  readonly verb: 'approve' | 'deny';
  readonly type: 'Approved' | 'Denied';
  readonly reason: string;
  readonly done: string;
}

const decide =
  ({ verb, type, reason, done }: Decision) =>
  async (invocation: Invocation): Promise<void> => {
    const { session, args, flags } = invocation;
    if (args.length === 0 && !hasFiles(flags)) throw new CommandError('one or more CSRs must be specified as <name> or -f <filename>');
    const words = args.length === 0 ? [] : ['certificatesigningrequests', ...args];
    const { infos, errors } = await fetchInfos(invocation, await readTargets(invocation, { words, allowCollections: false }));
    for (const info of infos) {
      const request = info.object as SigningRequest;
      if (request.kind !== 'CertificateSigningRequest')
        throw new CommandError('can only handle certificates.k8s.io CertificateSigningRequest objects');
      const conditions = request.status?.conditions ?? [];
      const isDecided = conditions.some((condition) => condition.type === type);
      if (isDecided && !flags.on('force')) {
        await report(invocation, info, request, done);
        continue;
      }
      const now = formatTime(session.nowMs());
      const condition = {
        type,
        status: 'True',
        reason,
        message: `This CSR was ${done} by kubectl certificate ${verb}.`,
        lastUpdateTime: now,
      };
      const decided = {
        ...request,
        status: { ...request.status, conditions: [...conditions.filter((one) => one.type !== type), condition] },
      };
      try {
        const path = pathOf(info.resource, undefined, info.name, 'approval');
        const object = await session.json<KubeObject>({ method: 'PUT', path, contentType: 'application/json', body: decided });
        await report(invocation, info, object, done);
      } catch (error) {
        errors.push(error);
      }
    }
    throwCollected(errors);
  };

const verb = (decision: Decision, short: string): Command => ({
  name: decision.verb,
  short,
  usage: '(-f FILENAME | NAME) [options]',
  completes: 'none',
  flags: [
    ...filenameFlags,
    ...outputFlags,
    allNamespacesFlag,
    defineFlag('force', 'bool', 'Update the CSR even if it is already decided this way.'),
  ],
  run: decide(decision),
});

/** kubectl certificate */
export const certificate: Command = {
  name: 'certificate',
  short: 'Modify certificate resources',
  group: 'Cluster Management Commands',
  usage: 'SUBCOMMAND [options]',
  alone: { onStdout: true, exitCode: 0 },
  commands: [
    verb({ verb: 'approve', type: 'Approved', reason: 'KubectlApprove', done: 'approved' }, 'Approve a certificate signing request'),
    verb({ verb: 'deny', type: 'Denied', reason: 'KubectlDeny', done: 'denied' }, 'Deny a certificate signing request'),
  ],
};
