/** Types of workers.mjs, for the build's configuration. */
import type { Plugin } from 'vite';
export declare const workerEntries: readonly string[];
export declare function workersInOneBuild(): Plugin;
