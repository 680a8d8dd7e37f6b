/** docker.io/library/alpine: busybox's userland with Alpine's names; apk is left out. */
import type { Image } from '../image.ts';
import { userland } from '../userland.ts';

const release = (version: string, ...tags: string[]) => ({ version, tags: [version, version.replace(/\.\d+$/, ''), ...tags] });

/** The alpine image. */
export const alpine: Image = {
  repository: 'docker.io/library/alpine',
  releases: [release('3.22.1', 'latest', '3'), release('3.21.4'), release('3.20.7'), release('3.19.8'), release('3.18.12')],
  sizeBytes: 3_623_844,
  cmd: ['/bin/sh'],
  usage: { cpuMillis: 0, memoryBytes: 1_048_576 },
  files: {
    '/etc/os-release':
      'NAME="Alpine Linux"\nID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME="Alpine Linux v3.22"\nHOME_URL="https://alpinelinux.org/"\n',
    '/etc/alpine-release': '3.22.1\n',
  },
  programs: userland({ directory: '/bin', shells: ['sh', 'ash'] }),
};
