/** `npm run build`: builds the page and its workers into dist/, then holds the result against the build's rules. */
import { build } from 'vite';
import { checkBuild, printReport } from './check-build.mjs';
import { root } from './paths.mjs';

await build({ root, logLevel: 'warn' });
const report = checkBuild();
printReport(report);
process.exitCode = report.problems.length === 0 ? 0 : 1;
