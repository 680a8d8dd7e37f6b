/** Adds up what the runners report. Nothing that went wrong may be lost on the way to the last line. */

/**
 * Sums Vitest's JSON report, given the exit code it came with. A file that could not be loaded counts as one failure each; so does
 * an error outside any test, and a report that was never written (`undefined`).
 */
export function sumReport(report, exitCode) {
  if (report === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const unloaded = report.testResults.filter((result) => result.status === 'failed' && result.assertionResults.length === 0).length;
  const known = report.numFailedTests + unloaded;
  return {
    passed: report.numPassedTests,
    failed: known === 0 && exitCode !== 0 ? 1 : known,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** The sum of several results. */
export function sumAll(results) {
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}

/** `N passed, N failed`, and `, N skipped` where there are any. */
export function sentence({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** How many tests a file's text writes down, counted without running it: for what has to be skipped as a whole. */
export function countTests(text) {
  return [...text.matchAll(/^\s*(?:test|it)\b(?:\.(?:each|skipIf|runIf|skip|only|concurrent|todo))*\s*[(`]/gm)].length;
}
