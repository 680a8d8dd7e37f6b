/** Container events (`Runtime/GetContainerEvents`): everyone who listens hears of every change; a listener that is gone is dropped. */
import type { RpcStream } from '#host';
import type { ContainerEvent } from './cri-types.ts';

/** The events of one containerd. */
export interface EventStream {
  emit(event: ContainerEvent): void;
  /** Serves one listener until it goes. */
  serve(stream: RpcStream<never, ContainerEvent>): Promise<void>;
}

/** An event stream without listeners. */
export function createEventStream(): EventStream {
  const listeners = new Set<(event: ContainerEvent) => void>();
  return {
    emit(event) {
      for (const tell of listeners) tell(event);
    },
    async serve(stream) {
      const tell = (event: ContainerEvent): void => {
        stream.send(event).catch(() => listeners.delete(tell));
      };
      listeners.add(tell);
      try {
        while ((await stream.receive()) !== undefined);
      } finally {
        listeners.delete(tell);
      }
    },
  };
}
