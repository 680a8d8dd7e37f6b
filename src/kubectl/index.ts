/** The front door of kubectl: the program, and its Tab completion for a shell. */
export { completeKubectl } from './completion.ts';
export { kubectl } from './kubectl.ts';
