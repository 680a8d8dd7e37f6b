/** kubectl set subject: adds users, groups and service accounts to role bindings. */
import { deepCopy, deepEqual, type KubeObject } from '#apimachinery';
import type { Invocation } from '../../command.ts';
import { CommandError } from '../../errors.ts';
import { throwCollected } from '../../targets.ts';
import { objectsMeant, saveChange } from './change.ts';

interface Subject {
  readonly apiGroup?: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

const API_GROUP = 'rbac.authorization.k8s.io';

function subjectsOf({ flags }: Invocation): Subject[] {
  const of = (kind: string, names: readonly string[]): Subject[] => names.map((name) => ({ apiGroup: API_GROUP, kind, name }));
  const accounts = flags.list('serviceaccount').map((text): Subject => {
    const [namespace, name, ...more] = text.split(':');
    if (!namespace || !name || more.length > 0) throw new CommandError('serviceaccount must be <namespace>:<name>');
    return { kind: 'ServiceAccount', name, namespace };
  });
  return [...of('User', flags.list('user')), ...of('Group', flags.list('group')), ...accounts];
}

/** kubectl set subject */
export async function setSubject(invocation: Invocation): Promise<void> {
  const { flags, args } = invocation;
  if (flags.on('all') && flags.text('selector') !== '') throw new CommandError('cannot set --all and --selector at the same time');
  const subjects = subjectsOf(invocation);
  if (subjects.length === 0) throw new CommandError('you must specify at least one value of user, group or serviceaccount');
  const { infos, errors } = await objectsMeant(invocation, args);
  for (const info of infos) {
    try {
      if (info.object.kind !== 'RoleBinding' && info.object.kind !== 'ClusterRoleBinding')
        throw new CommandError('setting subjects is only supported for RoleBinding/ClusterRoleBinding');
      const after = deepCopy(info.object) as KubeObject & { subjects?: Subject[] };
      const old = after.subjects ?? [];
      after.subjects = [...old, ...subjects.filter((one) => !old.some((present) => deepEqual(present, one)))];
      await saveChange(invocation, info, after, { done: 'subjects updated', failed: 'failed to patch subjects to rolebinding:' });
    } catch (error) {
      errors.push(error);
    }
  }
  throwCollected(errors);
}
