/** Types of ascii.mjs, for the build's configuration and its tests. */
import type { Plugin } from 'vite';

export declare function inAscii(code: string): string;
export declare function scriptsInAscii(): Plugin;
