/** docker.io/library/busybox: a shell and the small programs, all in /bin. */
import type { Image } from '../image.ts';
import { userland } from '../userland.ts';

/** The busybox image. */
export const busybox: Image = {
  repository: 'docker.io/library/busybox',
  releases: [
    { version: '1.37.0', tags: ['latest', '1', '1.37', '1.37.0', 'stable', 'musl', 'glibc', 'uclibc'] },
    { version: '1.36.1', tags: ['1.36', '1.36.1'] },
    { version: '1.35.0', tags: ['1.35', '1.35.0'] },
    { version: '1.34.1', tags: ['1.34', '1.34.1'] },
    { version: '1.33.1', tags: ['1.33', '1.33.1'] },
    { version: '1.32.1', tags: ['1.32', '1.32.1'] },
    { version: '1.31.1', tags: ['1.31', '1.31.1'] },
    { version: '1.30.1', tags: ['1.30', '1.30.1'] },
    { version: '1.29.3', tags: ['1.29', '1.29.3', '1.29.2'] },
    { version: '1.28.4', tags: ['1.28', '1.28.4', '1.28.0', '1.28.3'] },
  ],
  sizeBytes: 2_156_519,
  cmd: ['sh'],
  usage: { cpuMillis: 0, memoryBytes: 786_432 },
  programs: userland({ directory: '/bin', shells: ['sh', 'ash'] }),
};
