/** Who calls: the user of the token that was sent along, else the name in the client certificate. After etcd's AuthInfoFromCtx and AuthInfoFromTLS. */
import type { RpcCall } from '#host';
import type { AuthInfo } from '../auth/auth-requests.ts';
import { etcdError } from '../errors.ts';
import type { EtcdMember } from '../member.ts';

/** Name of the metadata that carries a token. */
export const TOKEN_METADATA = 'token';

/** A call whose caller was looked up; nobody is known while authentication is off. */
export interface GuardedCall extends RpcCall {
  readonly caller?: AuthInfo | undefined;
}

/** Finds out who calls a member. */
export class Callers {
  readonly #member: EtcdMember;
  readonly #takesCertificates: boolean;

  /** `takesCertificates`: whether client certificates are required, and so can be believed (`--client-cert-auth`). */
  constructor(member: EtcdMember, takesCertificates: boolean) {
    this.#member = member;
    this.#takesCertificates = takesCertificates;
  }

  get isNeeded(): boolean {
    return this.#member.state.auth.isEnabled;
  }

  /** Who calls, as far as this member knows now. Throws `invalidAuthToken`. */
  now({ metadata, peer }: RpcCall): AuthInfo | undefined {
    const { revision } = this.#member.state.auth;
    const token = metadata[TOKEN_METADATA];
    if (token !== undefined) {
      const username = this.#member.tokens.userOf(token);
      if (username === undefined) throw etcdError('invalidAuthToken');
      return { username, revision };
    }
    const name = this.#takesCertificates ? (peer.certificate?.subject.commonName ?? '') : '';
    return name === '' ? undefined : { username: name, revision };
  }

  /** Who calls; a token that is not known yet may still be on its way through the log. */
  async of(call: RpcCall): Promise<AuthInfo | undefined> {
    const token = call.metadata[TOKEN_METADATA];
    if (token !== undefined && this.#member.tokens.userOf(token) === undefined) await this.#member.linearize();
    return this.now(call);
  }
}
