/** registry.k8s.io/pause: the process that holds a sandbox and does nothing but wait to be ended. */
import type { Image } from '../image.ts';

/** The pause image. */
export const pause: Image = {
  repository: 'registry.k8s.io/pause',
  releases: [
    { version: '3.10', tags: ['3.10', 'latest'] },
    { version: '3.9', tags: ['3.9'] },
  ],
  sizeBytes: 320_368,
  entrypoint: ['/pause'],
  uid: 65535,
  usage: { cpuMillis: 0, memoryBytes: 270_336 },
  programs: {
    '/pause': (process) =>
      new Promise((resolve) => {
        process.onSignal('TERM', () => resolve(0));
        process.onSignal('INT', () => resolve(0));
      }),
  },
};
