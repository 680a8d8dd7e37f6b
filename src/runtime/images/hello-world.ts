/** docker.io/library/hello-world: says hello and ends, so that a pod of it is Completed, or started again and again. */
import type { Image } from '../image.ts';

/** The hello-world image. */
export const helloWorld: Image = {
  repository: 'docker.io/library/hello-world',
  releases: [{ version: 'linux', tags: ['linux', 'latest'] }],
  sizeBytes: 10_070,
  cmd: ['/hello'],
  usage: { cpuMillis: 0, memoryBytes: 262_144 },
  programs: {
    '/hello': async (process) => {
      await process.stdout.write('\nHello from Docker!\nThis message shows that your installation appears to be working correctly.\n\n');
      return 0;
    },
  },
};
