/** The post-start hooks: what an API server sets up by itself once it serves, each retried until it is done. */
import { formatTime } from '#apimachinery';
import type { Stop } from '#host';
import type { Core } from '../core.ts';
import { postStartHooks } from '../health/checks.ts';
import { registerApiServices } from '../aggregation/api-services.ts';
import { startDefinitionControllers } from '../apiextensions/definition-controllers.ts';
import { authenticationConfig } from './authentication-config.ts';
import { componentBindings, componentRoles, namespacedBindings, namespacedRoles } from './component-roles.ts';
import { controllerBindings, controllerRoles } from './controller-roles.ts';
import { ensureObject, ensureObjects, ensureReported } from './ensure.ts';
import { CONFIGURATION_MANAGER, defaultFlowSchemas, defaultPriorityLevels, reported } from '../flowcontrol/configuration.ts';
import { createIdentityLease } from './identity-lease.ts';
import { createKubernetesService } from './kubernetes-service.ts';
import { namespaceNamed, systemNamespaces, systemPriorityClasses } from './system-objects.ts';
import { userBindings, userRoles } from './user-roles.ts';

const RETRY_MS = 1_000;
/** How long the roles and the priority classes may take; without them the real server ends (etcd has no quorum, mostly). */
const FATAL_AFTER_MS = 30_000;

/** The hooks under way. */
export interface Bootstrap {
  /** Settles when every hook is done; rejects when one that the server cannot do without took too long. */
  readonly ready: Promise<void>;
  /** Ends periodic work and withdraws this server from the `kubernetes` Service. */
  stop(): Promise<void>;
}

/** Runs hooks until they are done, and tells the health checks. */
function createHookRunner(core: Core): { run(name: string, work: () => Promise<void>, fatally?: string): Promise<void>; stop(): void } {
  const stops: Stop[] = [];
  let isStopped = false;
  return {
    /** `fatally`: what failed, where the hook has a deadline. */
    run: (name, work, fatally) =>
      new Promise((resolve, reject) => {
        const late = (): void => reject(new Error(`PostStartHook "${name}" failed: ${fatally}: timed out waiting for the condition`));
        const giveUp = fatally === undefined ? () => undefined : core.clock.after(FATAL_AFTER_MS, late);
        stops.push(giveUp);
        const attempt = (): void => {
          work().then(
            () => {
              giveUp();
              core.health.hookDone(name);
              resolve();
            },
            (error: unknown) => {
              core.log('warning', `poststarthook/${name}: ${error instanceof Error ? error.message : String(error)}`);
              if (!isStopped) stops.push(core.clock.after(RETRY_MS, attempt));
            },
          );
        };
        attempt();
      }),
    stop() {
      isStopped = true;
      for (const stop of stops) stop();
    },
  };
}

async function ensureFlowControl(core: Core): Promise<void> {
  const now = formatTime(core.clock.wallMs());
  const objects = [
    ...defaultPriorityLevels.map((level) => ({ ...level, status: {} })),
    ...defaultFlowSchemas.map((schema) => reported(schema, now)),
  ];
  await Promise.all(objects.map((object) => ensureReported(core, object, CONFIGURATION_MANAGER)));
}

/** Starts the hooks. */
export function startBootstrap(core: Core): Bootstrap {
  const hooks = createHookRunner(core);
  const { run } = hooks;
  const kubernetesService = createKubernetesService(core);
  const identity = createIdentityLease(core);
  let definitions: { stop(): void } | undefined;
  const ensureNamespaces = async (): Promise<void> => {
    for (const name of systemNamespaces) await ensureObject(core, namespaceNamed(name));
  };
  const namespaces = run('start-system-namespaces-controller', ensureNamespaces);
  const afterNamespaces = (work: () => Promise<void>) => async (): Promise<void> => {
    await namespaces;
    await work();
  };
  const definitionsServed = run('crd-informer-synced', async () => {
    await core.served.start();
    definitions ??= startDefinitionControllers(core);
  });
  const done: Promise<void>[] = [
    namespaces,
    run(
      'rbac/bootstrap-roles',
      async () => {
        await ensureObjects(core, [...userRoles, ...componentRoles, ...controllerRoles]);
        await ensureObjects(core, [...userBindings, ...componentBindings, ...controllerBindings]);
        await namespaces;
        await ensureObjects(core, [...namespacedRoles, ...namespacedBindings]);
      },
      'unable to initialize roles',
    ),
    run(
      'scheduling/bootstrap-system-priority-classes',
      () => ensureObjects(core, systemPriorityClasses),
      'unable to add default system priority classes',
    ),
    run(
      'start-cluster-authentication-info-controller',
      afterNamespaces(() => authenticationConfig(core)),
    ),
    run(
      'start-kube-apiserver-identity-lease-controller',
      afterNamespaces(() => identity.start()),
    ),
    run(
      'bootstrap-controller',
      afterNamespaces(() => kubernetesService.start()),
    ),
    definitionsServed,
    run('priority-and-fairness-config-producer', () => ensureFlowControl(core)),
    run('kube-apiserver-autoregistration', async () => {
      await definitionsServed;
      await registerApiServices(core);
    }),
  ];
  // Parts of the real server that have nothing to do here are done at once.
  const active = new Set([
    'start-system-namespaces-controller',
    'rbac/bootstrap-roles',
    'scheduling/bootstrap-system-priority-classes',
    'start-cluster-authentication-info-controller',
    'start-kube-apiserver-identity-lease-controller',
    'bootstrap-controller',
    'generic-apiserver-start-informers',
    'crd-informer-synced',
    'priority-and-fairness-config-producer',
    'kube-apiserver-autoregistration',
  ]);
  for (const hook of postStartHooks) if (!active.has(hook)) core.health.hookDone(hook);
  return {
    ready: Promise.all(done).then(() => undefined),
    async stop() {
      hooks.stop();
      definitions?.stop();
      identity.stop();
      await kubernetesService.stop();
    },
  };
}
