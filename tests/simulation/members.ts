/** What tests ask of etcd's members by etcdctl on a control plane, as an administrator does. */
import type { Machine } from '#host';
import type { Student } from './student.ts';

/** Where kubeadm leaves etcd's certificates. */
const PKI = '/etc/kubernetes/pki/etcd';

/** etcdctl as root on a machine, against the member there, with the certificates that kubeadm leaves. */
export const etcdctlOn = (machine: string, line: string): string =>
  `ssh root@${machine} etcdctl --endpoints=https://127.0.0.1:2379 --cacert=${PKI}/ca.crt --cert=${PKI}/server.crt --key=${PKI}/server.key ${line}`;

const CLIENT_PORT = 2379;
/** The name in the certificate that kubeadm gives an API server for etcd. */
export const API_SERVER_CLIENT = 'kube-apiserver-etcd-client';

/** Who is connected to the client port of the member on a machine now: the name in each one's certificate. */
export const clientsOn = (machine: Machine): string[] =>
  machine
    .connections()
    .filter(({ localPort }) => localPort === CLIENT_PORT)
    .map(({ peer }) => peer.certificate?.subject.commonName ?? `nobody at ${peer.address}`);

/** A line of `etcdctl member list`. */
export interface ListedMember {
  readonly id: string;
  readonly status: string;
  readonly name: string;
  readonly isLearner: boolean;
}

/** The members as the one on `machine` knows them. */
export async function membersAt(student: Student, machine: string): Promise<ListedMember[]> {
  const lines = (await student.sh(etcdctlOn(machine, 'member list'))).trim().split('\n');
  return lines.map((line) => {
    const [id = '', status = '', name = '', , , isLearner] = line.split(', ');
    return { id, status, name, isLearner: isLearner === 'true' };
  });
}

/** The member of a machine, as another one knows it. */
export async function memberOf(student: Student, asked: string, machine: string): Promise<ListedMember> {
  const found = (await membersAt(student, asked)).find(({ name }) => name === machine);
  if (!found) throw new Error(`${asked} knows no member ${machine}`);
  return found;
}

/** Names of the members that have a vote, in order. */
export const voterNames = async (student: Student, asked: string): Promise<string[]> =>
  (await membersAt(student, asked)).flatMap(({ name, isLearner }) => (isLearner ? [] : [name])).sort();
