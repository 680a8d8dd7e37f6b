/** Pod security: namespaces ask for a standard by labels; pods are refused, workloads warned of, existing pods told. */
import { beforeEach, describe, expect, it } from 'vitest';
import { startLab, type Lab, type Told } from './lab/server.ts';

const namespaces = '/api/v1/namespaces';
const label = (mode: string): string => `pod-security.kubernetes.io/${mode}`;
const pod = (spec: object = {}, container: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web' },
  spec: { containers: [{ name: 'c', image: 'nginx', ...container }], ...spec },
});
const hardened = {
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  },
};

async function inNamespace(lab: Lab, labels: Record<string, string>): Promise<Told> {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'safe', labels } };
  const told = await lab.ask({ method: 'POST', path: namespaces, body });
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } };
  await lab.ask({ method: 'POST', path: `${namespaces}/safe/serviceaccounts`, body: account });
  return told;
}
const create = (lab: Lab, body: object): Promise<Told> => lab.ask({ method: 'POST', path: `${namespaces}/safe/pods`, body });
const warningsOf = ({ headers }: Told): string[] => headers.filter(([name]) => name === 'warning').map(([, text]) => text);

describe('pod security', () => {
  let lab: Lab;
  beforeEach(async () => {
    lab = await startLab();
  });

  it('refuses what a restricted namespace does not allow, every reason in its place', async () => {
    await inNamespace(lab, { [label('enforce')]: 'restricted' });
    expect((await create(lab, pod())).json.message).toBe(
      'pods "web" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), ' +
        'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), ' +
        'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), ' +
        'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    );
    expect((await create(lab, pod({}, hardened))).status).toBe(201);
    const host = pod({ hostNetwork: true, volumes: [{ name: 'root', hostPath: { path: '/' } }] }, hardened);
    expect((await create(lab, host)).json.message).toMatch(
      /host namespaces \(hostNetwork=true\), restricted volume types \(volume "root" uses restricted volume type "hostPath"\)$/,
    );
  });

  it('lets a baseline namespace have ordinary pods and no privileged ones', async () => {
    await inNamespace(lab, { [label('enforce')]: 'baseline' });
    const privileged = pod(
      {},
      { securityContext: { privileged: true, capabilities: { add: ['NET_ADMIN'] } }, ports: [{ containerPort: 80, hostPort: 80 }] },
    );
    expect((await create(lab, privileged)).json.message).toBe(
      'pods "web" is forbidden: violates PodSecurity "baseline:latest": non-default capabilities (container "c" must not include "NET_ADMIN" in securityContext.capabilities.add), ' +
        'hostPort (container "c" uses hostPort 80), privileged (container "c" must not set securityContext.privileged=true)',
    );
    expect((await create(lab, pod())).status).toBe(201);
  });

  it('warns of workloads and pods where the namespace asks for warnings', async () => {
    await inNamespace(lab, { [label('warn')]: 'baseline', [label('warn-version')]: 'v1.33' });
    const template = { metadata: { labels: { app: 'web' } }, spec: pod({ hostPID: true }).spec };
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { selector: { matchLabels: { app: 'web' } }, template },
    };
    const told = await lab.ask({ method: 'POST', path: '/apis/apps/v1/namespaces/safe/deployments', body: deployment });
    expect(told.status).toBe(201);
    expect(warningsOf(told)).toEqual(['299 - "would violate PodSecurity \\"baseline:v1.33\\": host namespaces (hostPID=true)"']);
  });

  it('tells of existing pods that a stricter standard would refuse, and refuses standards there are none of', async () => {
    await inNamespace(lab, {});
    await create(lab, pod({ hostIPC: true }));
    const patch = (value: string): Promise<Told> =>
      lab.ask({
        method: 'PATCH',
        path: `${namespaces}/safe`,
        headers: { 'content-type': 'application/merge-patch+json' },
        body: { metadata: { labels: { [label('enforce')]: value } } },
      });
    expect(warningsOf(await patch('baseline'))).toEqual([
      '299 - "existing pods in namespace \\"safe\\" violate the new PodSecurity enforce level \\"baseline:latest\\""',
      '299 - "web: host namespaces"',
    ]);
    expect((await patch('strict')).json.message).toBe(
      'Namespace "safe" is invalid: metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted',
    );
  });
});
