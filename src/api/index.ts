// The API: every kind of the cluster in the order a teacher would choose, lookups over them, and what is done to objects by kind.
export * from './kind.ts';
export type * from './types.ts';
export * from './registry.ts';
export * from './decode.ts';
export * from './strategy.ts';
export * from './tables.ts';
