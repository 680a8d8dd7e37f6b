/** The life of a lesson: tasks one after the other, hints, reset. */
import { setup } from 'xstate';

/** What happens in a lesson. */
export type LessonEvent =
  | { type: 'BEGIN' }
  | { type: 'PREPARED' } // the cluster stands as the task wants it
  | { type: 'CHECK' }
  | { type: 'PASSED' } // one task is done, more follow
  | { type: 'NOT_YET' }
  | { type: 'FINISHED' } // that was the last task
  | { type: 'RESET' }
  | { type: 'LEAVE' };

/** States: idle, preparing, working, checking, finished. */
export const lessonMachine = setup({ types: { events: {} as LessonEvent } }).createMachine({
  id: 'lesson',
  initial: 'idle',
  states: {
    idle: { on: { BEGIN: 'preparing' } },
    preparing: { on: { PREPARED: 'working' } },
    working: { on: { CHECK: 'checking' } },
    checking: { on: { PASSED: 'working', NOT_YET: 'working', FINISHED: 'finished' } },
    finished: { on: { BEGIN: 'preparing' } },
  },
  on: { RESET: '.preparing', LEAVE: '.idle' },
});
