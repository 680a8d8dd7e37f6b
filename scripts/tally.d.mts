/** Types of tally.mjs, for its tests. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}
export interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { status: string; assertionResults: unknown[] }[];
}
export declare function sumReport(report: VitestReport | undefined, exitCode: number | null): Tally;
export declare function sumAll(results: Tally[]): Tally;
export declare function sentence(tally: Tally): string;
export declare function countTests(text: string): number;
