/** This server's own Lease in kube-system (apiserver-…), renewed every ten seconds, as every kube-apiserver keeps one. */
import { kindOf, storageKey, type Lease } from '#api';
import { formatMicroTime } from '#apimachinery';
import { randomUid, type Stop } from '#host';
import { toHex } from '../authentication/encoding.ts';
import type { Core } from '../core.ts';
import { updateObject } from '../registry/update.ts';
import { loopbackContext } from '../registry/write-context.ts';
import { copyOf } from '../store/codec.ts';
import { ensureObject } from './ensure.ts';
import { repeat } from './repeat.ts';

const RENEW_MS = 10_000;
const DURATION_SECONDS = 3600;

/** apiserver- and 26 characters of the host name's SHA-256 in base 32, as real servers are named. */
export function identityOf(core: Core): string {
  const digest = core.crypto.sha256(core.config.hostname).slice(0, 16);
  let bits = BigInt(`0x${toHex(digest)}`) << 2n;
  let text = '';
  for (let at = 0; at < 26; at++) {
    text = `${'abcdefghijklmnopqrstuvwxyz234567'[Number(bits & 31n)]}${text}`;
    bits >>= 5n;
  }
  return `apiserver-${text}`;
}

/** Keeps the Lease. */
export function createIdentityLease(core: Core): { start(): Promise<void>; stop(): void } {
  const name = identityOf(core);
  const holder = `${name}_${randomUid(core.random)}`;
  let stop: Stop = () => undefined;
  const kind = kindOf('coordination.k8s.io/v1', 'Lease')!;
  const renew = async (): Promise<void> => {
    const now = formatMicroTime(core.clock.wallMs());
    const make = (current: object | undefined): Lease => {
      const lease = copyOf(current) as Lease;
      lease.spec = { ...lease.spec, holderIdentity: holder, leaseDurationSeconds: DURATION_SECONDS, renewTime: now };
      return lease;
    };
    await updateObject(core, { kind, namespace: 'kube-system', name, make }, loopbackContext(core));
  };
  return {
    async start() {
      const labels = { 'apiserver.kubernetes.io/identity': 'kube-apiserver', 'kubernetes.io/hostname': core.config.hostname };
      const renewTime = formatMicroTime(core.clock.wallMs());
      const spec = { holderIdentity: holder, leaseDurationSeconds: DURATION_SECONDS, renewTime };
      await ensureObject(core, {
        kind: 'Lease',
        apiVersion: 'coordination.k8s.io/v1',
        metadata: { name, namespace: 'kube-system', labels },
        spec,
      } as Lease);
      stop = repeat(core.clock, RENEW_MS, renew, (message) =>
        core.log('warning', `Failed to update lease ${storageKey(kind, name, 'kube-system')}: ${message}`),
      );
    },
    stop: () => stop(),
  };
}
