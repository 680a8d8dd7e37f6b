/** TLS sessions that may be resumed without signatures (RFC 8446 §2.2): as clients remember them, and as listeners do. */
import type { Certificate } from '../crypto.ts';
import type { DialOptions, Peer } from '../network.ts';

/** Sessions that either side remembers. */
const SESSIONS_BOUND = 512;

/** A session as its client remembers it. */
export interface ClientSession {
  readonly ticket: string;
  readonly certificate: Certificate;
}

/** A session as its listener remembers it: who the client proved to be, or why its certificate is no good. */
export interface ServerSession {
  readonly certificate: Peer['certificate'];
  readonly problem: string | undefined;
}

/** What must be the same for a session to be resumed: server, name, own certificate, trust. */
export function sessionKeyOf(address: string, port: number, options: DialOptions): string {
  const { serverName = '', identity, rootCas, insecureSkipVerify } = options;
  const trust = insecureSkipVerify ? 'insecure' : (rootCas ?? []).map(({ serial }) => serial).join();
  return [address, port, serverName, identity?.chain[0]?.serial ?? '', trust].join('|');
}

/** Remembers a session and forgets the oldest beyond the bound. */
export function rememberSession<Session>(sessions: Map<string, Session>, key: string, session: Session): void {
  sessions.delete(key);
  sessions.set(key, session);
  if (sessions.size > SESSIONS_BOUND) sessions.delete(sessions.keys().next().value!);
}

/** Whether a certificate is within its dates. */
export const isWithinValidity = ({ notBeforeMs, notAfterMs }: Certificate, wallMs: number): boolean =>
  wallMs >= notBeforeMs && wallMs <= notAfterMs;
