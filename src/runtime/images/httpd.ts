/** docker.io/library/httpd: Apache's web server with its default configuration: serves htdocs on port 80, logs to standard output. Modules and configuration are left out. */
import { listenHttp, type HttpAnswer, type IncomingRequest, type Process, type Program } from '#host';
import type { Image, Release } from '../image.ts';
import { entrypoint } from '../entrypoint.ts';
import { contentTypeOf } from '../nginx/files.ts';
import { userland } from '../userland.ts';

const ROOT = '/usr/local/apache2/htdocs';

const release = (version: string, ...tags: string[]): Release => ({
  version,
  tags: [version, ...tags, `${version}-alpine`],
  env: { HTTPD_VERSION: version, HTTPD_PREFIX: '/usr/local/apache2' },
});

const page = (status: number, title: string, text: string): HttpAnswer => ({
  status,
  headers: [['content-type', 'text/html; charset=iso-8859-1']],
  body: `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n<html><head>\n<title>${status} ${title}</title>\n</head><body>\n<h1>${title}</h1>\n<p>${text}</p>\n</body></html>\n`,
});

function answer({ files }: Process, { method, path }: IncomingRequest): HttpAnswer {
  const wanted = decodeURIComponent(path.split('?')[0]!);
  if (wanted.split('/').includes('..'))
    return page(400, 'Bad Request', 'Your browser sent a request that this server could not understand.<br />');
  if (method !== 'GET' && method !== 'HEAD')
    return page(405, 'Method Not Allowed', `The requested method ${method} is not allowed for this URL.`);
  const full = wanted.endsWith('/') ? `${ROOT}${wanted}index.html` : ROOT + wanted;
  if (files.stat(full)?.kind !== 'file') return page(404, 'Not Found', 'The requested URL was not found on this server.');
  return { status: 200, headers: [['content-type', contentTypeOf(full, 'text/plain')]], body: files.readBytes(full) };
}

/** 20/Nov/2026:10:50:10 +0000. */
const logTime = (wallMs: number): string =>
  new Date(wallMs).toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1/$2/$3:$4 +0000');

/** httpd -DFOREGROUND: serves until TERM. */
const httpdProgram: Program = async (process) => {
  const version = process.env['HTTPD_VERSION'] ?? '2.4.65';
  const note = (text: string): Promise<void> => {
    const time = new Date(process.clock.wallMs());
    const day = time.toUTCString().slice(0, 3);
    const stamp = `${day} ${time.toUTCString().slice(8, 11)} ${time.toUTCString().slice(5, 7)} ${time.toISOString().slice(11, 23)}000 ${time.getUTCFullYear()}`;
    return process.stderr.write(`[${stamp}] ${text}\n`);
  };
  const address = process.network.addresses[0] ?? '127.0.0.1';
  const warning = `AH00558: httpd: Could not reliably determine the server's fully qualified domain name, using ${address}. Set the 'ServerName' directive globally to suppress this message\n`;
  await process.stderr.write(warning + warning);
  const listener = await listenHttp(
    process.network,
    80,
    {},
    async (request) => {
      const given = answer(process, request);
      const bytes = given.body instanceof Uint8Array || typeof given.body === 'string' ? given.body.length : 0;
      await process.stdout.write(
        `${request.peer.address} - - [${logTime(process.clock.wallMs())}] "${request.method} ${request.path} HTTP/1.1" ${given.status} ${bytes}\n`,
      );
      const headers: [string, string][] = [
        ['date', new Date(process.clock.wallMs()).toUTCString()],
        ['server', `Apache/${version} (Unix)`],
        ['content-length', String(bytes)],
      ];
      return { ...given, headers: [...headers, ...given.headers], ...(request.method === 'HEAD' ? { body: '' } : {}) };
    },
    (error) => process.telemetry.log('error', String(error)),
  );
  await note(
    `[mpm_event:notice] [pid ${process.pid}:tid ${process.pid}] AH00489: Apache/${version} (Unix) configured -- resuming normal operations`,
  );
  await note(`[core:notice] [pid ${process.pid}:tid ${process.pid}] AH00094: Command line: 'httpd -D FOREGROUND'`);
  return new Promise((resolve) => {
    const end = (): void => {
      listener.close();
      resolve(0);
    };
    process.onSignal('TERM', end);
    process.onSignal('INT', end);
  });
};

const programs: Image['programs'] = userland({
  directory: '/usr/bin',
  shells: ['sh', 'bash', 'dash'],
  own: {
    '/usr/local/apache2/bin/httpd': httpdProgram,
    '/usr/local/bin/httpd-foreground': entrypoint(
      'httpd-foreground',
      () => programs,
      () => '',
    ),
  },
});

/** The httpd image. */
export const httpd: Image = {
  repository: 'docker.io/library/httpd',
  releases: [release('2.4.65', 'latest', '2', '2.4', 'alpine')],
  sizeBytes: 45_123_402,
  cmd: ['httpd-foreground', 'httpd'],
  exposedPorts: [80],
  workingDir: '/usr/local/apache2',
  usage: { cpuMillis: 1, memoryBytes: 7_340_032 },
  files: { [`${ROOT}/index.html`]: '<html><body><h1>It works!</h1></body></html>\n' },
  programs,
};
