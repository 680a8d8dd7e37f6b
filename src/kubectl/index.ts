/** The front door of kubectl. */
export { kubectl } from './kubectl.ts';
