/** Types of chromium.mjs, for the tests and the Vite configuration. */
export declare const chromiumArgs: string[];
export declare const chromiumAdvice: string;
export declare function findChromium(): string | undefined;
export declare function findFirefox(): string | undefined;
export declare function ensureChromium(say?: (line: string) => void): string | undefined;
