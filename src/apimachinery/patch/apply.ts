// Server-side apply (application/apply-patch+yaml): merging an applied configuration into the live object.
export { applyConfiguration } from '../managed-fields.ts';
