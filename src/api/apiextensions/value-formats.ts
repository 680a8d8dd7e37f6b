// The formats that a schema's strings are checked against (kube-openapi strfmt); formats nobody knows hold for every string.
import { isValidCidr, isValidIp, parseDuration } from '#apimachinery';

const uuid = (version: string): RegExp => new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}-?[0-9a-f]{4}-?[0-9a-f]{12}$`, 'i');
const anyUuid = uuid('[0-9a-f]{4}');
const randomUuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i;
const byteText = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const dateTime = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:?\d{2})$/;
const hostname = /^(?=.{1,255}$)[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,62})?(?:\.[a-zA-Z0-9_](?:[a-zA-Z0-9_-]{0,62})?)*\.?$/;

function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const time = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text);
}

function isDuration(text: string): boolean {
  try {
    parseDuration(text);
    return true;
  } catch {
    return /^\d+ *(ns|us|µs|ms|s|m|h|d|w|nanos?|micros?|millis?|seconds?|minutes?|hours?|days?|weeks?)$/.test(text);
  }
}

function isUri(text: string): boolean {
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:.+$/.test(text) || text.startsWith('/');
}

const checks: Readonly<Record<string, (text: string) => boolean>> = {
  bsonobjectid: (text) => /^[0-9a-f]{24}$/i.test(text),
  byte: (text) => byteText.test(text),
  cidr: (text) => isValidCidr(text).length === 0,
  date: isDate,
  'date-time': (text) => dateTime.test(text) && !Number.isNaN(new Date(text).getTime()),
  datetime: (text) => dateTime.test(text) && !Number.isNaN(new Date(text).getTime()),
  duration: isDuration,
  email: (text) => /^[^\s@<>]+@[^\s@<>]+$/.test(text),
  hexcolor: (text) => /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text),
  hostname: (text) => hostname.test(text),
  ipv4: (text) => text.includes('.') && isValidIp(text).length === 0,
  ipv6: (text) => text.includes(':') && isValidIp(text).length === 0,
  mac: (text) => /^[0-9a-f]{2}([:-][0-9a-f]{2}){5}$/i.test(text),
  uri: isUri,
  uuid: (text) => anyUuid.test(text),
  uuid3: (text) => uuid('3[0-9a-f]{3}').test(text),
  uuid4: (text) => randomUuid.test(text),
  uuid5: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$/i.test(text),
};

/** Whether a text has a format. */
export function hasFormat(text: string, format: string): boolean {
  return checks[format]?.(text) ?? true;
}
