// Times of the API: RFC 3339 with seconds (Time) or microseconds (MicroTime), always UTC.
/** 2006-01-02T15:04:05Z of milliseconds since 1970. */
export declare function formatTime(ms: number): string;
/** 2006-01-02T15:04:05.000000Z. */
export declare function formatMicroTime(ms: number): string;
/** Milliseconds of an RFC 3339 text. Throws an Error with Go's text for anything else. */
export declare function parseTime(text: string): number;
/** parseTime that answers undefined for undefined or a bad text. */
export declare function maybeParseTime(text: string | undefined | null): number | undefined;
/** Age of a timestamp as kubectl prints it; "<unknown>" without one. */
export declare function ageOf(timestamp: string | undefined | null, nowMs: number): string;
