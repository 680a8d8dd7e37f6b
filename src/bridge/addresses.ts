/** Who may come in: the addresses the bridge answers to, and what a request from a page of somebody else may do. */
import type { IncomingMessage } from 'node:http';

/** The paths of the API server; everything else belongs to whoever serves the page. */
const API_PATH = /^\/(api|apis|openapi|version|healthz|livez|readyz|metrics|logs|\.well-known\/openid-configuration)(\/|\?|$)/;
const LAB_PATH = /^\/lab\/./;
/** Names of this machine. A page that made its own name point here (DNS rebinding) has another in its Host header. */
const LOOPBACK_NAMES: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];
const READING: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/** True for what the bridge answers. */
export const isForBridge = (url: string): boolean => API_PATH.test(url) || LAB_PATH.test(url);
/** True for the lab's own methods rather than the cluster's API. */
export const isForLab = (url: string): boolean => LAB_PATH.test(url);

/** Why a request is turned away; undefined: it may come in. `isChange` is true for upgrades, which carry what nobody has looked at. */
export function whyRefused({ headers, method = 'GET' }: IncomingMessage, token: string, isUpgrade = false): string | undefined {
  const name = (headers.host ?? '').replace(/:\d+$/, '');
  if (!LOOPBACK_NAMES.includes(name)) return `the bridge answers to ${LOOPBACK_NAMES.join(', ')}, not to "${name}"`;
  const isChange = isUpgrade || !READING.includes(method);
  if (isChange && headers.origin !== undefined && headers['x-lab-token'] !== token)
    return 'a request that may change something and comes from a page needs the X-Lab-Token that the server printed when it started';
  return undefined;
}

/** True when a page of this very server opens the connection. */
export function isOwnPage({ headers }: IncomingMessage): boolean {
  return headers.origin !== undefined && headers.host !== undefined && new URL(headers.origin).host === headers.host;
}
