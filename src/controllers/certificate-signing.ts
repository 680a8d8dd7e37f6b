/**
 * certificatesigningrequest-signing-controller: signs approved requests for the API server's clients and kubelets with the cluster's
 * authority. Left out: approving those of kubelets by itself, and cleaning up old ones.
 */
import type { CertificateSigningRequest } from '#api';
import { formatTime, isConflict, isNotFound } from '#apimachinery';
import { defineController, resources, watchObjects } from '#client';
import { isToBeSigned, planCertificate } from './certificate-signing-plan.ts';
import type { ManagerContext, ManagerController } from './settings.ts';

/** The status of a request after the signer has looked at it. */
function signed({ crypto, files, settings, clock }: ManagerContext, csr: CertificateSigningRequest): CertificateSigningRequest['status'] {
  const fail = (message: string): CertificateSigningRequest['status'] => {
    const now = formatTime(clock.wallMs());
    const condition = {
      type: 'Failed',
      status: 'True',
      reason: 'SignerValidationFailure',
      message,
      lastUpdateTime: now,
      lastTransitionTime: now,
    };
    return { ...csr.status, conditions: [...(csr.status?.conditions ?? []), condition] };
  };
  const [authority] = crypto.certificatesFromPem(files.readText(settings.clusterSigningCertFile));
  if (!authority) throw new Error(`${settings.clusterSigningCertFile} holds no certificate`);
  const key = crypto.keyFromPem(files.readText(settings.clusterSigningKeyFile));
  let request: ReturnType<typeof crypto.certificateRequestFromPem>;
  try {
    request = crypto.certificateRequestFromPem(atob(csr.spec.request));
  } catch (error) {
    return fail(`unable to parse csr "${csr.metadata.name}": ${error instanceof Error ? error.message : String(error)}`);
  }
  const plan = planCertificate(csr, request, clock.wallMs(), authority.notAfterMs);
  if ('problem' in plan) return fail(plan.problem);
  const certificate = crypto.issueCertificate(plan, request.publicKey, key, authority);
  return { ...csr.status, certificate: btoa(crypto.certificatesToPem([certificate])) };
}

/** The controller. */
export const certificateSigning: ManagerController = defineController({
  name: 'certificatesigningrequest-signing-controller',
  account: 'certificate-controller',
  workers: 5,
  build(context) {
    const { client, informers, settings } = context;
    const requests = informers.informer(resources.certificatesigningrequests);
    const canSign = settings.clusterSigningCertFile !== '' && settings.clusterSigningKeyFile !== '';
    return {
      watches: [watchObjects(requests, (csr) => (canSign && isToBeSigned(csr) ? [csr.metadata.name] : []))],
      async reconcile(name) {
        const csr = requests.lister.get(name);
        if (!csr || !isToBeSigned(csr)) return undefined;
        try {
          await client.updateStatus(resources.certificatesigningrequests, { ...csr, status: signed(context, csr) });
        } catch (error) {
          if (isNotFound(error)) return undefined;
          if (isConflict(error)) return { requeueAfterMs: 20 };
          throw error;
        }
        return undefined;
      },
    };
  },
});
