// CertificateSigningRequest: the wish for a certificate, its approval and the certificate (registry/certificates/certificates).
import {
  ageOf,
  formatTime,
  humanDuration,
  invalid,
  path,
  required,
  semanticEqual,
  immutableFieldMessage,
  notSupported,
  type FieldError,
} from '#apimachinery';
import { defineKind } from '../define-kind.ts';
import type { StrategyContext, Subresource } from '../kind.ts';
import { clearStatus, keepOld, keepOldStatus, readWriteVerbs, statusSubresource } from '../status-subresource.ts';
import { nameColumn, textColumn } from '../tables.ts';
import type { CertificateSigningRequest } from '../types.ts';

const spec = path('spec');
/** Beside the signer's name, all that is in a spec comes from who asks. */
const usages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];
const SHORTEST_SECONDS = 600;

function validate(object: CertificateSigningRequest): FieldError[] {
  const { request, signerName, usages: wanted = [], expirationSeconds } = object.spec;
  const errors: FieldError[] = [];
  if (!request) errors.push(invalid(spec.child('request'), '', 'PEM block type must be CERTIFICATE REQUEST'));
  if (wanted.length === 0) errors.push(required(spec.child('usages')));
  for (const [at, usage] of wanted.entries())
    if (!usages.includes(usage)) errors.push(notSupported(spec.child('usages').index(at), usage, usages));
  if (!signerName) errors.push(required(spec.child('signerName')));
  else if (!signerName.includes('/'))
    errors.push(
      invalid(spec.child('signerName'), signerName, 'must be a fully qualified domain and path of the form "example.com/signer-name"'),
    );
  if (expirationSeconds !== undefined && expirationSeconds < SHORTEST_SECONDS)
    errors.push(
      invalid(
        spec.child('expirationSeconds'),
        expirationSeconds,
        `may not specify a duration less than ${SHORTEST_SECONDS} seconds (10 minutes)`,
      ),
    );
  return errors;
}

function conditionCell({ status }: CertificateSigningRequest): string {
  const types = (status?.conditions ?? []).map(({ type }) => type);
  const said = ['Denied', 'Approved', 'Failed'].filter((type) => types.includes(type));
  if (types.includes('Denied') && types.includes('Approved')) said.splice(said.indexOf('Approved'), 1);
  const words = said.length > 0 ? said : ['Pending'];
  return [...words, ...(status?.certificate ? ['Issued'] : [])].join(',');
}

/** Who asks is said by the server, whatever the request claims. */
function prepareForCreate(object: CertificateSigningRequest, { user }: StrategyContext): void {
  clearStatus(object);
  const { username, uid, groups, extra, ...wanted } = object.spec;
  object.spec = { ...wanted };
  if (!user) return;
  const said = Object.entries(user.extra ?? {}).map(([name, values]): [string, string[]] => [name, [...values]]);
  object.spec.username = user.name;
  if (user.uid) object.spec.uid = user.uid;
  if (user.groups.length > 0) object.spec.groups = [...user.groups];
  if (said.length > 0) object.spec.extra = Object.fromEntries(said);
}

/** Approval writes the conditions and nothing else. */
const approval: Subresource<CertificateSigningRequest> = {
  name: 'approval',
  kind: 'CertificateSigningRequest',
  verbs: readWriteVerbs,
  strategy: {
    prepareForUpdate(object, old, { nowMs }) {
      const conditions = object.status?.conditions ?? [];
      keepOld(object, old, 'spec');
      keepOld(object, old, 'status');
      const now = formatTime(nowMs);
      object.status = {
        ...object.status,
        conditions: conditions.map((each) => ({
          ...each,
          status: each.status || 'True',
          lastUpdateTime: each.lastUpdateTime ?? now,
          lastTransitionTime: each.lastTransitionTime ?? now,
        })),
      };
    },
    validateUpdate(object) {
      const types = (object.status?.conditions ?? []).map(({ type }) => type);
      return types.includes('Approved') && types.includes('Denied')
        ? [invalid(path('status', 'conditions'), 'Denied', 'Approved and Denied conditions are mutually exclusive')]
        : [];
    },
  },
};

/** The kind CertificateSigningRequest. */
export const certificateSigningRequest = defineKind<CertificateSigningRequest>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  shortNames: ['csr'],
  scope: 'Cluster',
  schema: 'io.k8s.api.certificates.v1.CertificateSigningRequest',
  storageVersionHash: '95fRKMXA+00=',
  cachedOnDemand: true,
  subresources: [approval, statusSubresource<CertificateSigningRequest>('CertificateSigningRequest')],
  strategy: {
    prepareForCreate,
    prepareForUpdate: keepOldStatus,
    validate,
    validateUpdate: (object, old) => (semanticEqual(object.spec, old.spec) ? [] : [invalid(spec, object.spec, immutableFieldMessage)]),
  },
  columns: [
    nameColumn(),
    textColumn('Age', 'Time since it was made.', (object, nowMs) => ageOf(object.metadata.creationTimestamp, nowMs)),
    textColumn('SignerName', 'Who is to sign.', (object) => object.spec.signerName || '<none>'),
    textColumn('Requestor', 'Who asks.', (object) => object.spec.username ?? ''),
    textColumn('RequestedDuration', 'How long it is to be valid.', ({ spec: { expirationSeconds } }) =>
      expirationSeconds === undefined ? '<none>' : humanDuration(expirationSeconds * 1_000),
    ),
    textColumn('Condition', 'Pending, approved, denied, failed, issued.', conditionCell),
  ],
  selectableFields: [{ name: 'spec.signerName', value: (object) => object.spec.signerName }],
});
