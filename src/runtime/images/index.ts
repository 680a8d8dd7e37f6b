/** The generic images, one per file, in the order a teacher would choose. The control plane's are added by whoever composes a machine. */
import type { Image } from '../image.ts';
import { alpine } from './alpine.ts';
import { busybox } from './busybox.ts';
import { httpd } from './httpd.ts';
import { nginx } from './nginx.ts';
import { pause } from './pause.ts';
import { redis } from './redis.ts';

export { alpine, busybox, httpd, nginx, pause, redis };

/** Images that know nothing of Kubernetes. */
export const genericImages: readonly Image[] = Object.freeze([pause, busybox, nginx, httpd, redis, alpine]);
