/** registry.k8s.io/e2e-test-images/agnhost: one binary with the subcommands of the conformance suite, on Alpine. The rarer subcommands are left out. */
import type { Program } from '#host';
import { netexec } from '../agnhost/netexec.ts';
import {
  connect,
  dnsServerList,
  dnsSuffix,
  entrypointTester,
  grpcHealthChecking,
  liveness,
  logsGenerator,
  mounttest,
  pause,
  porter,
  serveHostname,
  testWebserver,
} from '../agnhost/small.ts';
import type { Image } from '../image.ts';
import { userland } from '../userland.ts';

const VERSION = '2.53';

/** A shell of the image's own, for netexec's /shell. */
const shellOfImage: Program = (process) => programs['/bin/sh']!(process);

const subcommands: Readonly<Record<string, Program>> = {
  connect,
  'dns-server-list': dnsServerList,
  'dns-suffix': dnsSuffix,
  'entrypoint-tester': entrypointTester,
  'grpc-health-checking': grpcHealthChecking,
  liveness,
  'logs-generator': logsGenerator,
  mounttest,
  netexec: netexec(shellOfImage),
  pause,
  porter,
  'serve-hostname': serveHostname,
  'test-webserver': testWebserver,
};

const agnhostProgram: Program = async (process) => {
  const [name, ...argv] = process.argv;
  if (name === '--version') return process.stdout.write(`agnhost version ${VERSION}\n`).then(() => 0);
  const program = name === undefined ? undefined : subcommands[name];
  if (!program) {
    const text =
      name === undefined
        ? ''
        : `Error: unknown command "${name}" for "app"\nRun 'app --help' for usage.\nunknown command "${name}" for "app"\n`;
    await process.stderr.write(text);
    return name === undefined ? 0 : 1;
  }
  return process.exec(program, { name: 'agnhost', argv });
};

const programs: Image['programs'] = userland({ directory: '/bin', shells: ['sh', 'ash', 'bash'], own: { '/agnhost': agnhostProgram } });

/** The agnhost image. */
export const agnhost: Image = {
  repository: 'registry.k8s.io/e2e-test-images/agnhost',
  releases: [
    { version: VERSION, tags: [VERSION] },
    ...['2.52', '2.47', '2.45', '2.43', '2.40', '2.39', '2.38', '2.36', '2.21'].map((version) => ({ version, tags: [version] })),
  ],
  sizeBytes: 51_706_353,
  entrypoint: ['/agnhost'],
  cmd: ['pause'],
  usage: { cpuMillis: 1, memoryBytes: 6_291_456 },
  programs,
};

/** registry.k8s.io/liveness, whose server fails after ten seconds. */
export const livenessImage: Image = {
  ...agnhost,
  repository: 'registry.k8s.io/liveness',
  releases: [{ version: '1.0', tags: ['latest', '1.0'] }],
  entrypoint: ['/agnhost', 'liveness'],
  cmd: [],
};
