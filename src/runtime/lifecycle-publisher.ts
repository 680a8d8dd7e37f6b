/** Runs one lifecycle machine per container and publishes its state, so that the map shows what the runtime knows. */
import type { Process } from '#host';
import { containerMachine, startActor, type ContainerEvent } from '#lifecycle';
import type { ContainerRecord, SandboxRecord } from './records.ts';

/** Publishes containers under `container/<namespace>/<pod>/<container>`. */
export interface LifecyclePublisher {
  changed(record: ContainerRecord, sandbox: SandboxRecord | undefined): void;
  removed(id: string): void;
}

/** A publisher for the containers of one containerd. */
export function lifecyclePublisher(process: Process): LifecyclePublisher {
  const actors = new Map<string, { send(event: ContainerEvent): void; stop(): void }>();
  const actorOf = (record: ContainerRecord, sandbox: SandboxRecord | undefined) => {
    let actor = actors.get(record.id);
    if (!actor) {
      const { namespace, name, uid } = sandbox?.config.metadata ?? { namespace: '', name: '', uid: '' };
      const container = record.config.metadata.name;
      const facts = { kind: 'container', namespace, pod: name, podUid: uid, container, image: record.image, containerId: record.id };
      actor = startActor(containerMachine, {
        clock: process.clock,
        id: `container/${record.id}`,
        onState: (state) => process.telemetry.lifecycle(`container/${namespace}/${name}/${container}`, state, facts),
      });
      actors.set(record.id, actor);
    }
    return actor;
  };
  return {
    changed(record, sandbox) {
      const actor = actorOf(record, sandbox);
      if (record.state === 'CONTAINER_CREATED') actor.send({ type: 'CREATE' });
      else if (record.state === 'CONTAINER_RUNNING') actor.send({ type: 'START' });
      else if (record.reason === 'StartError') actor.send({ type: 'START_FAILED' });
      else if (record.state === 'CONTAINER_EXITED') actor.send({ type: 'EXITED', code: record.exitCode });
    },
    removed(id) {
      const actor = actors.get(id);
      actor?.send({ type: 'REMOVE' });
      actor?.stop();
      actors.delete(id);
    },
  };
}
