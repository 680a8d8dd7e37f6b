// Durations: Go's text form (1h2m3.5s) and kubectl's age form (3d4h).
/** Reads Go's form into milliseconds (fractions kept). Throws an Error with Go's text ('time: invalid duration "x"'). */
export declare function parseDuration(text: string): number;
/** Milliseconds in Go's form ("1m30s", "0s", "1.5s", "100ms"). */
export declare function formatDuration(ms: number): string;
/** kubectl's age form: 5s, 2m30s, 3h5m, 4d2h, 400d, 2y30d; "<invalid>" below -1 s. */
export declare function humanDuration(ms: number): string;
/** The short form kubectl uses in some columns (one unit: 5s, 2m, 3h, 4d, 2y). */
export declare function shortHumanDuration(ms: number): string;
