/** Requests that become streams of messages both ways (exec, attach, port-forward), sent from the workstation. */
import type { workstation } from '#contracts';
import type { Lab } from './lab.ts';

/** Makes `lab.connect` over the workstation that is on at the time of the call. */
export function createConnections(current: () => workstation.WorkstationManagement): Lab['connect'] {
  let nextId = 1;
  return (path, { headers = [], signal, onHead, onMessage }) => {
    const id = `connection-${nextId++}`;
    const machine = current();
    const cancel = (): void => void machine.cancelFetch(id);
    signal?.addEventListener('abort', cancel, { once: true });
    return new Promise((resolve, reject) => {
      const closed = machine.fetch(
        id,
        { method: 'GET', path, headers },
        ({ status, headers: answered }) => {
          onHead(status, answered);
          resolve({ send: (message) => machine.sendMessage(id, message), end: () => void machine.endMessages(id), closed });
        },
        onMessage,
      );
      closed.catch(reject).finally(() => signal?.removeEventListener('abort', cancel));
    });
  };
}
