/** What the machine's service manager and its journal offer the tools; the composition hands the real ones over. */

/** A unit as systemctl shows it. */
export interface UnitStatus {
  /** Without `.service`. */
  readonly name: string;
  readonly description: string;
  readonly isEnabled: boolean;
  readonly state: 'active' | 'activating' | 'inactive' | 'failed';
  readonly isOneShot: boolean;
  readonly pid: number | undefined;
  readonly argv: readonly string[];
  /** Wall milliseconds of the last change of state. */
  readonly sinceWallMs: number;
  readonly restarts: number;
  readonly exitCode: number | undefined;
}

/** systemd of one machine. The calls answer false where there is no such unit. */
export interface ServiceManager {
  units(): readonly UnitStatus[];
  start(name: string): boolean;
  /** Resolves when the unit has ended. */
  stop(name: string): Promise<boolean>;
  restart(name: string): Promise<boolean>;
  setEnabled(name: string, isEnabled: boolean): Promise<boolean>;
}

/** A line of the journal. */
export interface JournalEntry {
  readonly unit: string;
  readonly wallMs: number;
  readonly pid: number;
  readonly message: string;
}

/** The journal of one machine: lines of one unit, or of all, in the order of time. */
export interface Journal {
  entries(unit?: string): readonly JournalEntry[];
}

/** What the tools of one machine stand on. */
export interface NodeServices {
  readonly services: ServiceManager;
  readonly journal: Journal;
}
