/** The front door of shell: the shell as a program, sessions of it, and its generic programs. It knows nothing of Kubernetes. */
export { applet, forEachInput, readOptions, UsageError, wholeNumber, type GivenOptions, type Input, type OptionSpec } from './applet.ts';
export { type Completer, type CompletionRequest } from './completion.ts';
export { runInteractive, type TerminalStreams } from './interactive.ts';
export { openForReading, openForWriting } from './io.ts';
export { unifiedDiff } from './diff-lines.ts';
export { failureText, fileErrorText } from './messages.ts';
export { quoteForShell } from './parameter.ts';
export { baseName, directoryName, joinPath, resolvePath } from './paths.ts';
export { type Programs } from './program.ts';
export { genericPrograms } from './programs/index.ts';
export { createShellSession, isIncomplete, type RunOptions, type SessionOptions, type ShellSession } from './session.ts';
export { shell, type ShellOptions } from './shell.ts';
export { createTty, type Tty, type TtyParts } from './tty.ts';
