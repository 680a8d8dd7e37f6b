/**
 * docker.io/library/nginx: a web server that reads its configuration's listen, root, index, return and location lines, serves
 * files and writes nginx's access log to standard output and its error log to standard error. Proxying and modules are left out.
 */
import type { Image, Release } from '../image.ts';
import { entrypoint } from '../entrypoint.ts';
import { nginxProgram } from '../nginx/server.ts';
import { userland } from '../userland.ts';
import { defaultConf, errorPage50x, nginxConf, welcomePage } from '../nginx/files.ts';

const release = (version: string, ...tags: string[]): Release => ({
  version,
  tags: [version, ...tags, `${version}-bookworm`, `${version}-alpine`],
  env: { NGINX_VERSION: version, NJS_VERSION: '0.8.9', PKG_RELEASE: '1~bookworm' },
});

const nginxPrograms: Image['programs'] = userland({
  directory: '/usr/bin',
  shells: ['sh', 'bash', 'dash'],
  own: {
    '/usr/sbin/nginx': nginxProgram,
    '/docker-entrypoint.sh': entrypoint(
      '/docker-entrypoint.sh',
      () => nginxPrograms,
      (command) => (command === 'nginx' ? '/docker-entrypoint.sh: Configuration complete; ready for start up\n' : ''),
    ),
  },
});

/** The nginx image. */
export const nginx: Image = {
  repository: 'docker.io/library/nginx',
  releases: [
    release('1.29.3', 'latest', 'mainline', '1', '1.29', 'alpine', 'bookworm'),
    release('1.28.0', 'stable', '1.28', 'stable-alpine'),
    release('1.27.5', '1.27'),
    release('1.26.3', '1.26'),
    release('1.25.5', '1.25'),
    release('1.24.0', '1.24'),
    release('1.23.4', '1.23'),
    release('1.22.1', '1.22'),
    release('1.21.6', '1.21'),
    release('1.20.2', '1.20'),
    release('1.19.10', '1.19'),
    release('1.18.0', '1.18'),
    release('1.17.10', '1.17'),
    release('1.16.1', '1.16'),
    release('1.15.12', '1.15'),
    release('1.14.2', '1.14'),
    release('1.7.9', '1.7'),
  ],
  sizeBytes: 72_406_859,
  entrypoint: ['/docker-entrypoint.sh'],
  cmd: ['nginx', '-g', 'daemon off;'],
  exposedPorts: [80],
  usage: { cpuMillis: 1, memoryBytes: 5_242_880 },
  files: {
    '/etc/nginx/nginx.conf': nginxConf,
    '/etc/nginx/conf.d/default.conf': defaultConf,
    '/usr/share/nginx/html/index.html': welcomePage,
    '/usr/share/nginx/html/50x.html': errorPage50x,
    '/var/cache/nginx': { directory: true },
    '/docker-entrypoint.d': { directory: true },
  },
  programs: nginxPrograms,
};
