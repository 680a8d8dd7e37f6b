/** Types of check-build.mjs, for the gates' own tests. */
export interface ScriptFacts {
  imports: string[];
  lateImports: string[];
  usesImportMeta: boolean;
  usesDynamicImport: boolean;
}
export interface BuildReport {
  sizes: { name: string; bytes: number; ownBytes: number; budget: number; files: string[] }[];
  readyBytes: number;
  problems: string[];
}
export declare const budgets: { pageBytes: number; workerBytes: number; fileBytes: number };
export declare function readScript(code: string): ScriptFacts;
export declare function textProblems(name: string, text: string): string[];
export declare function workerProblems(name: string, facts: ScriptFacts): string[];
export declare function staticGraph(entry: string, factsOf: (name: string) => ScriptFacts | undefined, withLate?: boolean): string[];
export declare function firstFetches(html: string): string[];
export declare function checkBuild(folder?: string): BuildReport;
export declare function printReport(report: BuildReport): void;
