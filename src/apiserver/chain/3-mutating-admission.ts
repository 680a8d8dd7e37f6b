/** Stage 3, mutating admission: the plugins that fill in and change the object before it is validated. */
import type { AdmissionAttributes } from '../admission/plugin.ts';
import type { Core } from '../core.ts';
import { staged } from '../trace.ts';

/** Lets every mutating plugin see the object; they change it in place. Throws what the first one refuses with. */
export function admitMutating(core: Core, attributes: AdmissionAttributes): Promise<void> {
  return staged(core.trace, 'mutating admission', () => core.admission.admit(attributes, core));
}
