/** The etcd members of a stacked cluster as kubeadm deals with them: announce a learner, wait for it, promote it; take a member out. */
import type { Pod } from '#api';
import { resources, type RestClient } from '#client';
import type { etcd } from '#contracts';
import { createRpcClient, NetworkError, RpcError, type DialOptions, type Process } from '#host';
import { CommandError } from '../command-error.ts';
import { PKI_DIRECTORY } from '../pki.ts';

/** kubeadm's pauses and patience with etcd (etcdAPICall: 2 minutes). */
const RETRY_MS = 500;
const PATIENCE_MS = 120_000;
const CALL_TIMEOUT_MS = 10_000;

const ENDPOINT_ANNOTATION = 'kubeadm.kubernetes.io/etcd.advertise-client-urls';

/** Client addresses of the members, from the annotations of their static pods. */
export async function etcdEndpoints(client: RestClient): Promise<string[]> {
  const { items } = await client.list(resources.pods, { namespace: 'kube-system', labelSelector: 'component=etcd,tier=control-plane' });
  return (items as Pod[]).flatMap(({ metadata }) => metadata.annotations?.[ENDPOINT_ANNOTATION]?.split(',') ?? []);
}

/** Calls one of several servers, one after the other. */
export interface EtcdMembers {
  list(): Promise<readonly etcd.Member[]>;
  /** Adds a learner, or gives the member that has this address already. */
  addLearner(peerUrl: string): Promise<{ readonly member: etcd.Member; readonly members: readonly etcd.Member[] }>;
  /** Waits until the learner is in sync and has its vote. */
  promote(id: string): Promise<void>;
  remove(id: string): Promise<void>;
}

function dialOptions({ files, crypto }: Process): DialOptions {
  const read = (name: string): string => files.readText(`${PKI_DIRECTORY}/etcd/${name}`);
  return {
    rootCas: crypto.certificatesFromPem(read('ca.crt')),
    identity: { chain: crypto.certificatesFromPem(read('healthcheck-client.crt')), key: crypto.keyFromPem(read('healthcheck-client.key')) },
    timeoutMs: CALL_TIMEOUT_MS,
  };
}

/** The members behind `endpoints` (URLs), called with this machine's health check certificate. */
export function etcdMembers(process: Process, endpoints: readonly string[]): EtcdMembers {
  const { network, clock, telemetry } = process;
  const options = dialOptions(process);
  const once = async <Response>(method: string, request: unknown): Promise<Response> => {
    let failure: unknown = new CommandError('could not retrieve the list of etcd endpoints');
    for (const endpoint of endpoints) {
      const [, address = '', port = '2379'] = /^https?:\/\/([^:/]+):?(\d*)/.exec(endpoint) ?? [];
      const client = createRpcClient(network, clock, address, Number(port), options);
      try {
        return await client.call<Response>(method, request, { timeoutMs: CALL_TIMEOUT_MS });
      } catch (error) {
        if (!(error instanceof RpcError) && !(error instanceof NetworkError)) throw error;
        failure = error;
        // Another member can answer only where this one could not be asked.
        if (error instanceof RpcError && error.code !== 'Unavailable' && error.code !== 'DeadlineExceeded') break;
      } finally {
        client.close();
      }
    }
    throw failure;
  };
  /** Asks again until it works; `isDone` tells errors that mean success. */
  const persist = async <Response>(
    what: string,
    act: () => Promise<Response>,
    isDone: (error: Error) => boolean = () => false,
  ): Promise<Response | undefined> => {
    const deadlineMs = clock.monotonicMs() + PATIENCE_MS;
    for (;;) {
      try {
        return await act();
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        if (isDone(error)) return undefined;
        if (clock.monotonicMs() >= deadlineMs) throw new CommandError(`error execution phase etcd-join: ${what}: ${error.message}`);
        telemetry.log('info', `[etcd] ${what}: ${error.message}. Will retry`);
      }
      await clock.sleep(RETRY_MS);
    }
  };
  const list = async (): Promise<readonly etcd.Member[]> =>
    (await once<etcd.MemberListResponse>('Cluster/MemberList', { linearizable: true })).members;
  return {
    list,
    async addLearner(peerUrl) {
      const present = (await persist('list members', list))!.find(({ peerUrls }) => peerUrls.includes(peerUrl));
      if (present) return { member: present, members: await list() };
      const added = await persist('add learner', () =>
        once<etcd.MemberListResponse & { member: etcd.Member }>('Cluster/MemberAdd', { peerUrls: [peerUrl], isLearner: true }),
      );
      return { member: added!.member, members: added!.members };
    },
    async promote(id) {
      const isVoter = async (): Promise<boolean> => (await list()).some((member) => member.id === id && !member.isLearner);
      if (await isVoter()) return;
      await persist(
        'promote learner',
        () => once('Cluster/MemberPromote', { id }),
        (error) => error.message === 'etcdserver: can only promote a learner member',
      );
    },
    async remove(id) {
      await persist(
        'remove member',
        () => once('Cluster/MemberRemove', { id }),
        (error) => error.message === 'etcdserver: member not found',
      );
    },
  };
}
