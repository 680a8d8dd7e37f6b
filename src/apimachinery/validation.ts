// Names, label values, ports and addresses (k8s.io/apimachinery util/validation): each check answers messages, none if right.

function regexError(message: string, format: string, ...examples: string[]): string {
  if (!examples.length) return `${message} (regex used for validation is '${format}')`;
  const shown = examples.map((example) => `'${example}', `).join(' or ');
  return `${message} (e.g. ${shown}regex used for validation is '${format}')`;
}
const matchesWhole = (format: string, value: string): boolean => new RegExp(`^(?:${format})$`).test(value);
const tooLongMessage = (max: number): string => `must be no more than ${max} characters`;
const byteLength = (text: string): number => new TextEncoder().encode(text).length;

const labelFormat = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomainFormat = `${labelFormat}(\\.${labelFormat})*`;
const dns1035Format = '[a-z]([-a-z0-9]*[a-z0-9])?';
const qualifiedNameFormat = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';

/** my-name (at most 63). */
export function isDns1123Label(value: string): string[] {
  const errors: string[] = [];
  if (value.length > 63) errors.push(tooLongMessage(63));
  if (!matchesWhole(labelFormat, value)) {
    if (matchesWhole(subdomainFormat, value)) errors.push('must not contain dots');
    else {
      const message =
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
      errors.push(regexError(message, labelFormat, 'my-name', '123-abc'));
    }
  }
  return errors;
}

/** example.com (at most 253). */
export function isDns1123Subdomain(value: string): string[] {
  const errors: string[] = [];
  if (value.length > 253) errors.push(tooLongMessage(253));
  if (!matchesWhole(subdomainFormat, value)) {
    const message =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
    errors.push(regexError(message, subdomainFormat, 'example.com'));
  }
  return errors;
}

/** my-name, starting with a letter (at most 63). */
export function isDns1035Label(value: string): string[] {
  const errors: string[] = [];
  if (value.length > 63) errors.push(tooLongMessage(63));
  if (!matchesWhole(dns1035Format, value)) {
    const message =
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
    errors.push(regexError(message, dns1035Format, 'my-name', 'abc-123'));
  }
  return errors;
}

/** *.example.com. */
export function isWildcardDns1123Subdomain(value: string): string[] {
  const format = `\\*\\.${subdomainFormat}`;
  const errors: string[] = [];
  if (value.length > 253) errors.push(tooLongMessage(253));
  if (!matchesWhole(format, value)) {
    const message =
      "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
    errors.push(regexError(message, format, '*.example.com'));
  }
  return errors;
}

const qualifiedNameMessage =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const qualifiedNameError = regexError(qualifiedNameMessage, qualifiedNameFormat, 'MyName', 'my.name', '123-abc');

/** [prefix/]Name of labels, annotations, resources. */
export function isQualifiedName(value: string): string[] {
  const parts = value.split('/');
  if (parts.length > 2)
    return [`a qualified name ${qualifiedNameError} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const errors: string[] = [];
  if (parts.length === 2) {
    const prefix = parts[0] ?? '';
    if (prefix === '') errors.push('prefix part must be non-empty');
    else errors.push(...isDns1123Subdomain(prefix).map((message) => `prefix part ${message}`));
  }
  const name = parts[parts.length - 1] ?? '';
  if (name === '') errors.push('name part must be non-empty');
  else if (name.length > 63) errors.push('name part must be no more than 63 characters');
  if (!matchesWhole(qualifiedNameFormat, name)) errors.push(`name part ${qualifiedNameError}`);
  return errors;
}

/** Values of labels. */
export function isValidLabelValue(value: string): string[] {
  const format = `(${qualifiedNameFormat})?`;
  const errors: string[] = [];
  if (value.length > 63) errors.push(tooLongMessage(63));
  if (!matchesWhole(format, value)) {
    const message =
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    errors.push(regexError(message, format, 'MyValue', 'my_value', '12345'));
  }
  return errors;
}

function dotsProblem(value: string): string[] {
  if (value === '.') return ["must not be '.'"];
  if (value === '..') return ["must not be '..'"];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
}

/** Names of environment variables, the strict form (envFrom prefixes, older checks). */
export function isEnvVarName(value: string): string[] {
  const format = '[-._a-zA-Z][-._a-zA-Z0-9]*';
  const errors: string[] = [];
  if (!matchesWhole(format, value)) {
    const message =
      "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit";
    errors.push(regexError(message, format, 'my.env-name', 'MY_ENV.NAME', 'MyEnvName1'));
  }
  return [...errors, ...dotsProblem(value)];
}

/** Names of environment variables as 1.33 relaxes them: any printable ASCII but "=". */
export function isRelaxedEnvVarName(value: string): string[] {
  const errors: string[] = [];
  if (value === '') errors.push('must be non-empty');
  if (!/^[ -<>-~]*$/.test(value))
    errors.push("a valid environment variable name must consist only of printable ASCII characters other than '='");
  return errors;
}

/** Keys of ConfigMaps and Secrets. */
export function isConfigMapKey(value: string): string[] {
  const format = '[-._a-zA-Z0-9]+';
  const errors: string[] = [];
  if (value.length > 253) errors.push(tooLongMessage(253));
  if (!matchesWhole(format, value)) {
    const message = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    errors.push(regexError(message, format, 'key.name', 'KEY_NAME', 'key-name'));
  }
  return [...errors, ...dotsProblem(value)];
}

/** Names of ports (at most 15, a letter, no "--"). */
export function isValidPortName(value: string): string[] {
  const errors: string[] = [];
  if (value.length > 15) errors.push(tooLongMessage(15));
  if (!/^[-a-z0-9]+$/.test(value)) errors.push('must contain only alphanumeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(value)) errors.push('must contain at least one letter (a-z)');
  if (value.includes('--')) errors.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) errors.push('must not begin or end with a hyphen');
  return errors;
}

/** 1–65535. */
export function isValidPortNumber(value: number): string[] {
  return isInRange(value, 1, 65535);
}

/** Between min and max. */
export function isInRange(value: number, min: number, max: number): string[] {
  return value >= min && value <= max ? [] : [`must be between ${min} and ${max}, inclusive`];
}

function isIpv4(value: string): boolean {
  const parts = value.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

function isIpv6(value: string): boolean {
  const halves = value.split('::');
  if (halves.length > 2) return false;
  const groupsOf = (half: string): string[] => (half === '' ? [] : half.split(':'));
  const groups = halves.flatMap(groupsOf);
  const last = groups[groups.length - 1];
  let count = groups.length;
  if (last?.includes('.')) {
    if (!isIpv4(last)) return false;
    groups.pop();
    count++;
  }
  if (!groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))) return false;
  return halves.length === 2 ? count < 8 : count === 8;
}

/** An IPv4 or IPv6 address. */
export function isValidIp(value: string): string[] {
  return isIpv4(value) || isIpv6(value) ? [] : ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'];
}

/** Whether an address is IPv6 (of a value that is a valid address). */
export function isIpv6Address(value: string): boolean {
  return isIpv6(value);
}

/** An address with prefix length. */
export function isValidCidr(value: string): string[] {
  const [address = '', length = '', ...rest] = value.split('/');
  const max = isIpv4(address) ? 32 : isIpv6(address) ? 128 : -1;
  const valid = !rest.length && /^\d{1,3}$/.test(length) && Number(length) <= max;
  return valid ? [] : ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'];
}

/** Names that are part of a path: no "/", "%", ".", "..". */
export function isPathSegmentName(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((char) => value.includes(char)).map((char) => `may not contain '${char}'`);
}

/** Names of C identifiers. */
export function isCIdentifier(value: string): string[] {
  const format = '[A-Za-z_][A-Za-z0-9_]*';
  if (matchesWhole(format, value)) return [];
  const message =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'";
  return [regexError(message, format, 'my_name', 'MY_NAME', 'MyName')];
}

/** HTTP header names. */
export function isHttpHeaderName(value: string): string[] {
  const format = '[-A-Za-z0-9]+';
  if (matchesWhole(format, value)) return [];
  return [regexError("a valid HTTP header must consist of alphanumeric characters or '-'", format, 'X-Header-Name')];
}

/** Percentages. */
export function isValidPercent(value: string): string[] {
  const format = '[0-9]+%';
  if (matchesWhole(format, value)) return [];
  return [regexError("a valid percent string must be a numeric string followed by an ending '%'", format, '1%', '93%')];
}

/** Length of a text in UTF-8 bytes, as Kubernetes counts sizes. */
export function utf8Length(text: string): number {
  return byteLength(text);
}
