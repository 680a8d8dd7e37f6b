/** CertificateApproval, CertificateSigning and CertificateSubjectRestriction: who may decide on signing requests, and what nobody is signed. */
import type { CertificateSigningRequest } from '#api';
import { deepEqual } from '#apimachinery';
import type { Core } from '../core.ts';
import { refuse, type AdmissionAttributes, type AdmissionPlugin } from './plugin.ts';

const GROUP = 'certificates.k8s.io';
const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';

const isAboutRequests = ({ kind }: AdmissionAttributes): boolean => kind.group === GROUP && kind.plural === 'certificatesigningrequests';

/** Whether the user may do something with a signer: by its name, or with all of its domain. */
function mayUse(core: Core, { user }: AdmissionAttributes, verb: 'approve' | 'sign', signer: string): boolean {
  const names = [signer, `${signer.split('/')[0] ?? ''}/*`];
  const about = { user, isResource: true, verb, group: GROUP, version: '*', resource: 'signers', subresource: '', namespace: '', path: '' };
  return names.some((name) => core.authorizer.authorize({ ...about, name }).allowed);
}

/** The plugin that looks at approvals. */
export const certificateApproval: AdmissionPlugin = {
  name: 'CertificateApproval',
  async validate(attributes, core) {
    if (!isAboutRequests(attributes) || attributes.subresource !== 'approval' || !attributes.old) return;
    const { signerName } = (attributes.old as CertificateSigningRequest).spec;
    if (!mayUse(core, attributes, 'approve', signerName))
      throw refuse(attributes, `user not permitted to approve requests with signerName "${signerName}"`);
  },
};

/** The plugin that looks at certificates. */
export const certificateSigning: AdmissionPlugin = {
  name: 'CertificateSigning',
  async validate(attributes, core) {
    if (!isAboutRequests(attributes) || attributes.subresource !== 'status' || !attributes.old) return;
    const [before, after] = [attributes.old as CertificateSigningRequest, attributes.object as CertificateSigningRequest];
    const isSame =
      before.status?.certificate === after.status?.certificate && deepEqual(before.status?.conditions, after.status?.conditions);
    if (isSame || mayUse(core, attributes, 'sign', before.spec.signerName)) return;
    throw refuse(attributes, `user not permitted to sign requests with signerName "${before.spec.signerName}"`);
  },
};

/** The plugin that keeps anybody from becoming an administrator for good. */
export const certificateSubjectRestriction: AdmissionPlugin = {
  name: 'CertificateSubjectRestriction',
  async validate(attributes, core) {
    if (!isAboutRequests(attributes) || attributes.subresource !== '' || attributes.operation !== 'CREATE') return;
    const { signerName, request } = (attributes.object as CertificateSigningRequest).spec;
    if (signerName !== CLIENT_SIGNER) return;
    let organizations: readonly string[];
    try {
      ({ organizations } = core.crypto.certificateRequestFromPem(atob(request)).subject);
    } catch (error) {
      throw refuse(attributes, `failed to parse CSR: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (organizations.includes('system:masters'))
      throw refuse(attributes, `use of ${CLIENT_SIGNER} signer with system:masters group is not allowed`);
  },
};
