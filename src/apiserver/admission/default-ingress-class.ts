/** DefaultIngressClass: an Ingress that names no class gets the default one. */
import { kindByGroupKind, type Ingress, type IngressClass } from '#api';
import { isAbout, refuse, type AdmissionPlugin } from './plugin.ts';

const DEFAULT = 'ingressclass.kubernetes.io/is-default-class';
const OLD_CLASS = 'kubernetes.io/ingress.class';
const classes = kindByGroupKind('networking.k8s.io', 'IngressClass')!;

/** The plugin. */
export const defaultIngressClass: AdmissionPlugin = {
  name: 'DefaultIngressClass',
  async admit(attributes, core) {
    if (attributes.operation !== 'CREATE' || !isAbout(attributes, 'networking.k8s.io', 'ingresses')) return;
    const ingress = attributes.object as Ingress;
    if (ingress.spec?.ingressClassName || ingress.metadata.annotations?.[OLD_CLASS]) return;
    const cache = core.caches.of(classes);
    await cache.start();
    const defaults = cache
      .list()
      .map(({ object }) => object as IngressClass)
      .filter(({ metadata }) => metadata.annotations?.[DEFAULT] === 'true');
    if (defaults.length > 1) throw refuse(attributes, `${defaults.length} default IngressClasses were found, only 1 allowed`);
    if (defaults[0]) ingress.spec = { ...ingress.spec, ingressClassName: defaults[0].metadata.name };
  },
};
