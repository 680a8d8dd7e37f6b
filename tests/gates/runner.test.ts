/** The test runner's own sums, proven: whatever goes wrong in a runner reaches the last line. */
import { describe, expect, test } from 'vitest';
import { countTests, sentence, sumAll, sumReport, type VitestReport } from '../../scripts/tally.mjs';

const green: VitestReport = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 1, numTodoTests: 1, testResults: [] };

describe('a report', () => {
  test('is summed with what was skipped', () => {
    expect(sumReport(green, 0)).toEqual({ passed: 3, failed: 0, skipped: 2 });
    expect(sumReport({ ...green, numFailedTests: 2 }, 1)).toEqual({ passed: 3, failed: 2, skipped: 2 });
  });

  test('without failed tests from a run that failed counts as one failure', () => {
    expect(sumReport(green, 1).failed).toBe(1);
    expect(sumReport(green, null).failed).toBe(1);
  });

  test('counts a file that could not be loaded', () => {
    const testResults = [
      { status: 'failed', assertionResults: [] },
      { status: 'failed', assertionResults: [{}] },
      { status: 'passed', assertionResults: [] },
    ];
    expect(sumReport({ ...green, numFailedTests: 1, testResults }, 1).failed).toBe(2);
  });

  test('that was never written is a failure', () => {
    expect(sumReport(undefined, 0)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });
});

test('the last line adds everything up and names skipped tests only where there are any', () => {
  const one = { passed: 1, failed: 0, skipped: 0 };
  expect(sentence(sumAll([one, one]))).toBe('2 passed, 0 failed');
  expect(sentence(sumAll([one, { passed: 0, failed: 1, skipped: 4 }]))).toBe('1 passed, 1 failed, 4 skipped');
});

test('tests are counted by their text', () => {
  expect(
    countTests(
      `test('a', f);\n  it.skip('b', f);\n  test.each([1])('c', f);\n  test.skipIf(x)('d', f);\n// test\nconst test2 = latest('e');`,
    ),
  ).toBe(4);
});
