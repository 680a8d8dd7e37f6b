/** Log files of containers that are gone: removed with their links in /var/log/containers (the kubelet's container garbage collector). */
import type { Pod } from '#api';
import type { Files } from '#host';

const LINKS = '/var/log/containers';

/** Directory of a pod's logs. */
export const podLogDirectory = ({ metadata }: Pod): string => `/var/log/pods/${metadata.namespace}_${metadata.name}_${metadata.uid}`;

/** Removes the log of one instance of a container, and its link. */
export function removeContainerLog(files: Files, pod: Pod, container: string, containerId: string, logPath: string): void {
  const link = `${LINKS}/${pod.metadata.name}_${pod.metadata.namespace}_${container}-${containerId}.log`;
  for (const path of [logPath, `${logPath}.1`]) if (logPath && files.stat(path)) files.remove(path);
  if (files.stat(link, { follow: false })) files.remove(link);
}

/** Removes all logs of a pod that is gone, and their links. */
export function removePodLogs(files: Files, pod: Pod): void {
  const directory = podLogDirectory(pod);
  if (files.stat(directory)) files.remove(directory, { recursive: true });
  if (!files.stat(LINKS)) return;
  const prefix = `${pod.metadata.name}_${pod.metadata.namespace}_`;
  for (const name of files.list(LINKS)) {
    // A new pod of the same name has links of its own.
    const link = `${LINKS}/${name}`;
    if (name.startsWith(prefix) && files.readLink(link).startsWith(`${directory}/`)) files.remove(link);
  }
}
