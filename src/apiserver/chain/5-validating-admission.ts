/** Stage 5, validating admission: the last word of the plugins on the object as it will be stored. */
import type { AdmissionAttributes } from '../admission/plugin.ts';
import type { Core } from '../core.ts';
import { staged } from '../trace.ts';

/** Asks every validating plugin. Throws what the first one refuses with. */
export function admitValidating(core: Core, attributes: AdmissionAttributes): Promise<void> {
  return staged(core.trace, 'validating admission', () => core.admission.validate(attributes, core));
}
