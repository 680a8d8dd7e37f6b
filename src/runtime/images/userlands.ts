/** Images one starts to look around: Debian, Ubuntu, curl, network tools. All have the same programs, under the paths the real ones have them at. */
import type { Image } from '../image.ts';
import { userland } from '../userland.ts';

const debianRelease = (name: string, id: string, version: string): string =>
  `PRETTY_NAME="${name}"\nNAME="${name.split(' ')[0]}"\nVERSION_ID="${version}"\nID=${id}\n`;

/** docker.io/library/debian. */
export const debian: Image = {
  repository: 'docker.io/library/debian',
  releases: [
    { version: '12.12', tags: ['latest', '12', '12.12', 'bookworm', 'bookworm-slim', 'stable', 'stable-slim', '12-slim'] },
    { version: '11.11', tags: ['11', 'bullseye', 'bullseye-slim'] },
  ],
  sizeBytes: 48_494_772,
  cmd: ['bash'],
  usage: { cpuMillis: 0, memoryBytes: 1_572_864 },
  files: { '/etc/os-release': debianRelease('Debian GNU/Linux 12 (bookworm)', 'debian', '12') },
  programs: userland({ directory: '/usr/bin', shells: ['sh', 'bash', 'dash'] }),
};

/** docker.io/library/ubuntu. */
export const ubuntu: Image = {
  ...debian,
  repository: 'docker.io/library/ubuntu',
  releases: [
    { version: '24.04', tags: ['latest', '24.04', 'noble'] },
    { version: '22.04', tags: ['22.04', 'jammy'] },
    { version: '20.04', tags: ['20.04', 'focal'] },
  ],
  sizeBytes: 29_724_688,
  cmd: ['/bin/bash'],
  files: { '/etc/os-release': debianRelease('Ubuntu 24.04.3 LTS', 'ubuntu', '24.04') },
};

/** docker.io/curlimages/curl, whose entry point becomes curl. */
export const curlImage: Image = {
  repository: 'docker.io/curlimages/curl',
  releases: [{ version: '8.16.0', tags: ['latest', '8.16.0', '8.11.1', '8.10.1', '8.5.0', '7.88.1'] }],
  sizeBytes: 9_512_448,
  entrypoint: ['/usr/bin/curl'],
  cmd: ['--version'],
  uid: 100,
  usage: { cpuMillis: 0, memoryBytes: 1_572_864 },
  programs: userland({ directory: '/usr/bin', shells: ['sh', 'ash'] }),
};

/** docker.io/nicolaka/netshoot. */
export const netshoot: Image = {
  repository: 'docker.io/nicolaka/netshoot',
  releases: [{ version: 'v0.14', tags: ['latest', 'v0.14', 'v0.13'] }],
  sizeBytes: 171_966_464,
  cmd: ['sh'],
  usage: { cpuMillis: 0, memoryBytes: 1_572_864 },
  programs: userland({ directory: '/usr/bin', shells: ['sh', 'bash', 'zsh'] }),
};

/** registry.k8s.io/e2e-test-images/jessie-dnsutils, with which the documentation looks into DNS. */
export const dnsutils: Image = {
  ...netshoot,
  repository: 'registry.k8s.io/e2e-test-images/jessie-dnsutils',
  releases: [{ version: '1.3', tags: ['1.3', '1.7'] }],
  sizeBytes: 109_051_904,
  cmd: ['sleep', 'infinity'],
};
