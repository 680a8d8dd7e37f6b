/** How kubectl tells a failure and which exit code it has (cmdutil.CheckErr). */
import { RequestError } from '#client';
import { StatusError } from '#apimachinery';

/** A failure of kubectl itself: `error: message`. */
export class CommandError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CommandError';
  }
}

/** A misuse of a command: `error: message` and where help is to be found. */
export class UsageError extends CommandError {
  constructor(
    message: string,
    readonly commandPath: string,
  ) {
    super(message);
  }
}

/** A failure that was told already; only its exit code is left. */
export class SilentExit extends Error {
  constructor(readonly exitCode: number) {
    super(`exit ${exitCode}`);
  }
}

/** A failure told as what it is, with an exit code of its own. */
export class CodedError extends Error {
  constructor(
    override readonly cause: unknown,
    readonly exitCode: number,
  ) {
    super(cause instanceof Error ? cause.message : String(cause));
  }
}

/** Puts words before what a failure says, keeping what it is: `error when creating "f": …`. */
export class WrappedError extends Error {
  constructor(
    readonly prefix: string,
    override readonly cause: unknown,
  ) {
    super(`${prefix}: ${cause instanceof Error ? cause.message : String(cause)}`);
    this.name = 'WrappedError';
  }
}

/** Several failures told one after the other. */
export class ErrorList extends Error {
  constructor(readonly errors: readonly unknown[]) {
    super(errors.map((error) => (error instanceof Error ? error.message : String(error))).join('\n'));
  }
}

const innermost = (error: unknown): unknown => (error instanceof WrappedError ? innermost(error.cause) : error);

/** What is wrong with an object, cause by cause; ends its last line itself, whatever a cause ends with. */
function invalidText({ status }: StatusError): string | undefined {
  if (status.reason !== 'Invalid') return undefined;
  const { details } = status;
  if (!details) return undefined;
  const head = details.kind ? `The ${details.kind} "${details.name ?? ''}" is invalid` : 'The request is invalid';
  const causes = (details.causes ?? []).map(({ field, message }) => `${field ? `${field}: ` : ''}${message ?? ''}`);
  if (causes.length === 0) return status.message ? `${head}: ${status.message}` : head;
  return causes.length === 1 ? `${head}: ${causes[0]!}\n` : `${head}: \n${causes.map((cause) => `* ${cause}\n`).join('')}`;
}

/** The text kubectl prints for a failure; it may end its last line itself. */
export function errorText(error: unknown): string {
  if (error instanceof CodedError) return errorText(error.cause);
  const root = innermost(error);
  // Of several, those of kubectl itself are told as they are.
  if (error instanceof ErrorList) return [...new Set(error.errors.map((one) => errorText(one).replace(/^error: /, '')))].join('\n');
  if (root instanceof StatusError) {
    const invalid = error === root ? invalidText(root) : undefined;
    if (invalid) return invalid;
    if (error instanceof WrappedError && root.status.reason === 'Invalid') return invalidText(root) ?? error.message;
    const message = error instanceof Error ? error.message : String(error);
    const { reason, status } = root.status;
    if (status && status !== 'Failure') return `error: ${message}`;
    if (reason === 'Unauthorized') return 'error: You must be logged in to the server (Unauthorized)';
    return reason ? `Error from server (${reason}): ${message}` : `Error from server: ${message}`;
  }
  if (root instanceof RequestError) return requestErrorText(root);
  if (error instanceof UsageError) return `error: ${error.message}\nSee '${error.commandPath} -h' for help and examples`;
  const message = error instanceof Error ? error.message : String(error);
  return message.startsWith('error: ') ? message : `error: ${message}`;
}

function requestErrorText(error: RequestError): string {
  if (error.code === 'ECONNREFUSED')
    return `The connection to the server ${error.host} was refused - did you specify the right host or port?`;
  return `Unable to connect to the server: ${error.reason}`;
}

/** Failures kubectl tells; anything else is a defect of the lab and must not be hidden. */
export function isToldError(error: unknown): boolean {
  if (error instanceof CodedError) return isToldError(error.cause);
  const root = innermost(error);
  if (root instanceof ErrorList) return root.errors.every(isToldError);
  return (
    root instanceof StatusError ||
    root instanceof RequestError ||
    root instanceof CommandError ||
    (root instanceof Error && root.constructor === Error)
  );
}

/** The exit code of a failure. */
export function exitCodeOf(error: unknown): number {
  return error instanceof SilentExit || error instanceof CodedError ? error.exitCode : 1;
}
