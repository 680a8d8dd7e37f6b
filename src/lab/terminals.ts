/** Shell lines and terminals on the workstation, as the lab offers them. */
import type { workstation } from '#contracts';
import type { Lab, RunOutput, TerminalSession } from './lab.ts';

/** For words to a shell that expects no answer: they are lost with a workstation that loses its power, as `machine` events tell. */
const unanswered = (call: Promise<void>): void => {
  call.catch(() => undefined);
};

/** Makes `run` and `terminal` over the workstation that is on at the time of the call. */
export function createTerminals(current: () => workstation.WorkstationManagement): { run: Lab['run']; open: Lab['terminal'] } {
  let nextId = 1;
  return {
    async run(line, options = {}): Promise<RunOutput> {
      const id = `run-${nextId++}`;
      const machine = current();
      const output = { 1: '', 2: '' };
      const interrupt = (): void => unanswered(machine.interrupt(id));
      options.signal?.addEventListener('abort', interrupt, { once: true });
      try {
        const settings = {
          ...(options.stdin === undefined ? {} : { stdin: options.stdin }),
          ...(options.session === undefined ? {} : { session: options.session }),
        };
        const { exitCode } = await machine.run(id, line, settings, (fd, text) => {
          output[fd] += text;
          options.onOutput?.({ fd, text });
          return Promise.resolve();
        });
        return { stdout: output[1], stderr: output[2], exitCode };
      } finally {
        options.signal?.removeEventListener('abort', interrupt);
      }
    },
    async open(size, onOutput, onExit): Promise<TerminalSession> {
      const id = `terminal-${nextId++}`;
      const machine = current();
      await machine.openTerminal(id, size, onOutput, onExit);
      return {
        write: (data) => unanswered(machine.terminalInput(id, data)),
        resize: (columns, rows) => unanswered(machine.terminalResize(id, { columns, rows })),
        close: () => unanswered(machine.closeTerminal(id)),
      };
    },
  };
}
