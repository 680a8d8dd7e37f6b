/** The profiles of kubectl debug: what a debugging container may do. */
import type { Container, PodSpec } from '#api';
import { CommandError } from '../../errors.ts';

/** Names of the profiles. */
export type Profile = 'legacy' | 'general' | 'baseline' | 'restricted' | 'netadmin' | 'sysadmin';

const PROFILES: readonly Profile[] = ['legacy', 'general', 'baseline', 'restricted', 'netadmin', 'sysadmin'];

/** Reads --profile. Throws CommandError for others. */
export function profileOf(name: string): Profile {
  const profile = PROFILES.find((one) => one === name);
  if (!profile) throw new CommandError(`unknown profile: ${name}`);
  return profile;
}

const capabilities = (...add: string[]): Pick<Container, 'securityContext'> => ({ securityContext: { capabilities: { add } } });

/** What a profile adds to a container in a pod. */
export function containerParts(profile: Profile): Pick<Container, 'securityContext'> {
  switch (profile) {
    case 'general':
      return capabilities('SYS_PTRACE');
    case 'netadmin':
      return capabilities('NET_ADMIN', 'NET_RAW');
    case 'sysadmin':
      return { securityContext: { privileged: true } };
    case 'restricted':
      return {
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          runAsNonRoot: true,
          seccompProfile: { type: 'RuntimeDefault' },
        },
      };
    default:
      return {};
  }
}

/** What a profile adds to a pod on a node, and to its container. */
export function nodeParts(profile: Profile): { pod: Partial<PodSpec>; container: Partial<Container> } {
  const hostSpaces = { hostIPC: true, hostNetwork: true, hostPID: true };
  const hostRoot = {
    pod: { ...hostSpaces, volumes: [{ name: 'host-root', hostPath: { path: '/' } }] },
    container: { volumeMounts: [{ mountPath: '/host', name: 'host-root' }] },
  };
  switch (profile) {
    case 'legacy':
    case 'general':
      return hostRoot;
    case 'sysadmin':
      return { ...hostRoot, container: { ...hostRoot.container, ...containerParts(profile) } };
    case 'netadmin':
      return { pod: hostSpaces, container: containerParts(profile) };
    default:
      return { pod: {}, container: containerParts(profile) };
  }
}
