/** What ssh and sshd say to each other after their certificates: one streaming call per session. Not SSH's own protocol, whose encryption the lab has no use for. */

/** Where sshd listens. */
export const SSH_PORT = 22;
/** The streaming call that opens a session. */
export const OPEN = 'Session/Open';
/** Asks whether the other side still lives. */
export const ALIVE = 'Session/Alive';

/** The certificate sshd shows. */
export const HOST_CERTIFICATE = '/etc/ssh/ssh_host_ecdsa_key-cert.pub';
/** The private key of that certificate. */
export const HOST_KEY = '/etc/ssh/ssh_host_ecdsa_key';
/** The authority whose users sshd lets in. */
export const USER_CA = '/etc/ssh/ca.pub';
/** A user's certificate, below the home directory. */
export const USER_CERTIFICATE = '.ssh/id_ecdsa-cert.pub';
/** The private key of that certificate, below the home directory. */
export const USER_KEY = '.ssh/id_ecdsa';

/** First message of a session. */
export interface OpenRequest {
  readonly user: string;
  /** The command line, as one text; none: a login shell. */
  readonly command?: string;
  readonly terminal?: { readonly columns: number; readonly rows: number };
  readonly env: Readonly<Record<string, string>>;
}
/** From the client, after the first message. */
export type FromClient =
  { readonly stdin: Uint8Array } | { readonly stdinEnd: true } | { readonly resize: { readonly columns: number; readonly rows: number } };
/** From the server. */
export type FromServer = { readonly stdout: Uint8Array } | { readonly stderr: Uint8Array } | { readonly exitCode: number };
