/** What kubeadm ends with: an error whose text it prints before it exits with 1. */
export class CommandError extends Error {}

/** kubeadm's preflight error. */
export const preflightError = (check: string, text: string): CommandError =>
  new CommandError(
    `error execution phase preflight: [preflight] Some fatal errors occurred:\n\t[ERROR ${check}]: ${text}\n[preflight] If you know what you are doing, you can make a check non-fatal with \`--ignore-preflight-errors=...\``,
  );

/** The units of this machine as kubeadm needs them; handed over by whoever makes the machine's shell. */
export interface UnitControl {
  start(name: string): boolean;
  stop(name: string): Promise<boolean>;
  restart(name: string): Promise<boolean>;
}
