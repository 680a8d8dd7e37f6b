/** The generic images, one per file, in the order a teacher would choose. The control plane's are added by whoever composes a machine. */
import type { Image } from '../image.ts';
import { agnhost, livenessImage } from './agnhost.ts';
import { alpine } from './alpine.ts';
import { busybox } from './busybox.ts';
import { ealenEchoServer, echoserver, kicbaseEchoServer } from './echo-server.ts';
import { genericServer } from './generic-server.ts';
import { guestbook } from './guestbook.ts';
import { helloApp, helloAppArtifact, jocatalinBootcamp, kubernetesBootcamp, whoamiImage } from './hello-app.ts';
import { helloWorld } from './hello-world.ts';
import { httpEchoImage } from './http-echo.ts';
import { httpd } from './httpd.ts';
import { nginx } from './nginx.ts';
import { pause } from './pause.ts';
import { redis } from './redis.ts';
import { perlImage } from './perl.ts';
import { polinuxStress, vishStressImage } from './stress.ts';
import { curlImage, debian, dnsutils, netshoot, ubuntu } from './userlands.ts';

export { alpine, busybox, genericServer, httpd, nginx, pause, redis };

/** Images that know nothing of Kubernetes. */
export const genericImages: readonly Image[] = Object.freeze([
  pause,
  busybox,
  nginx,
  httpd,
  redis,
  guestbook,
  alpine,
  debian,
  ubuntu,
  curlImage,
  netshoot,
  dnsutils,
  httpEchoImage,
  helloWorld,
  perlImage,
  helloApp,
  helloAppArtifact,
  kubernetesBootcamp,
  jocatalinBootcamp,
  whoamiImage,
  kicbaseEchoServer,
  echoserver,
  ealenEchoServer,
  agnhost,
  livenessImage,
  polinuxStress,
  vishStressImage,
]);
