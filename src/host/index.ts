/** The front door of host: what a machine stands on, and what is common to its browser and simulated bodies. */
export * from './clock.ts';
export * from './crypto.ts';
export * from './disk.ts';
export * from './files.ts';
export * from './flags.ts';
export * from './http.ts';
export * from './kernel.ts';
export * from './multiplex.ts';
export * from './network.ts';
export * from './process.ts';
export * from './random.ts';
export * from './rpc.ts';
export * from './streams.ts';
export * from './telemetry.ts';
