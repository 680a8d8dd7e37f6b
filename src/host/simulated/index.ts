/** The front door of the simulated host: machines in one thread on a virtual clock, from a seed. */
export * from './disk.ts';
export * from './plain-clone.ts';
export * from './simulation.ts';
