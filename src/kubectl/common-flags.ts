/** Flags every kubectl command takes, and groups of flags several commands share. */
import type { FlagSpec } from './flags.ts';

const flag = (name: string, type: FlagSpec['type'], help: string, more: Partial<FlagSpec> = {}): FlagSpec => ({
  name,
  type,
  help,
  ...more,
});

/** Flags of kubectl itself, shown by `kubectl options`. */
export const globalFlags: readonly FlagSpec[] = [
  flag('as', 'string', 'Username to impersonate for the operation. User could be a regular user or a service account in a namespace.'),
  flag('as-group', 'array', 'Group to impersonate for the operation, this flag can be repeated to specify multiple groups.'),
  flag('as-uid', 'string', 'UID to impersonate for the operation.'),
  flag('cache-dir', 'string', 'Default cache directory'),
  flag('certificate-authority', 'string', 'Path to a cert file for the certificate authority'),
  flag('client-certificate', 'string', 'Path to a client certificate file for TLS'),
  flag('client-key', 'string', 'Path to a client key file for TLS'),
  flag('cluster', 'string', 'The name of the kubeconfig cluster to use'),
  flag('context', 'string', 'The name of the kubeconfig context to use'),
  flag(
    'insecure-skip-tls-verify',
    'bool',
    "If true, the server's certificate will not be checked for validity. This will make your HTTPS connections insecure",
  ),
  flag('kubeconfig', 'string', 'Path to the kubeconfig file to use for CLI requests.'),
  flag('match-server-version', 'bool', 'Require server version to match client version'),
  flag('namespace', 'string', 'If present, the namespace scope for this CLI request', { short: 'n' }),
  flag('request-timeout', 'string', 'The length of time to wait before giving up on a single server request.', { initial: '0' }),
  flag('server', 'string', 'The address and port of the Kubernetes API server', { short: 's' }),
  flag('tls-server-name', 'string', 'Server name to use for server certificate validation.'),
  flag('token', 'string', 'Bearer token for authentication to the API server'),
  flag('user', 'string', 'The name of the kubeconfig user to use'),
  flag('v', 'int', 'number for the log level verbosity', { short: 'v', initial: '0' }),
  flag('warnings-as-errors', 'bool', 'Treat warnings received from the server as errors and exit with a non-zero exit code'),
  flag('help', 'bool', 'help', { short: 'h' }),
];

/** -f, -k, -R. */
export const filenameFlags: readonly FlagSpec[] = [
  flag('filename', 'list', 'The files that contain the configurations.', { short: 'f' }),
  flag('kustomize', 'string', "Process a kustomization directory. This flag can't be used together with -f or -R.", { short: 'k' }),
  flag('recursive', 'bool', 'Process the directory used in -f, --filename recursively.', { short: 'R' }),
];

/** -o and its relatives. */
export const outputFlags: readonly FlagSpec[] = [
  flag(
    'output',
    'string',
    'Output format. One of: (json, yaml, name, go-template, go-template-file, template, templatefile, jsonpath, jsonpath-as-json, jsonpath-file).',
    { short: 'o' },
  ),
  flag('template', 'string', 'Template string or path to template file to use when -o=go-template, -o=go-template-file.'),
  flag('show-managed-fields', 'bool', 'If true, keep the managedFields when printing objects in JSON or YAML format.'),
  flag(
    'allow-missing-template-keys',
    'bool',
    'If true, ignore any errors in templates when a field or map key is missing in the template.',
    { initial: 'true' },
  ),
];

/** --dry-run. */
export const dryRunFlag: FlagSpec = flag('dry-run', 'string', 'Must be "none", "server", or "client".', {
  bare: 'unchanged',
  initial: 'none',
});

/** -l and --field-selector. */
export const selectorFlags: readonly FlagSpec[] = [
  flag('selector', 'string', "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'.", { short: 'l' }),
  flag('field-selector', 'string', "Selector (field query) to filter on, supports '=', '==', and '!='."),
];

/** -A. */
export const allNamespacesFlag: FlagSpec = flag(
  'all-namespaces',
  'bool',
  'If present, list the requested object(s) across all namespaces.',
  { short: 'A' },
);

/** --field-manager with a command's own default. */
export const fieldManagerFlag = (initial: string): FlagSpec =>
  flag('field-manager', 'string', 'Name of the manager used to track field ownership.', { initial });

/** --validate. */
export const validateFlag: FlagSpec = flag('validate', 'string', 'Must be one of: strict (or true), warn, ignore (or false).', {
  bare: 'strict',
  initial: 'strict',
});

/** Makes a flag in one line. */
export const defineFlag = flag;
