/** The front door of etcd: the program, and the pure parts that tests and tools look into. */
export { etcd } from './program.ts';
