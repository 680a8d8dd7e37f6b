import { describe, expect, it } from 'vitest';
import {
  componentMachine,
  containerMachine,
  etcdMemberMachine,
  lessonMachine,
  machineMachine,
  podMachine,
  startActor,
} from '../../../src/lifecycle/index.ts';
import { setup, type AnyStateMachine } from 'xstate';

const stillClock = { after: () => () => undefined };

function walk(machine: AnyStateMachine, events: readonly (string | { type: string; code?: number })[]): string[] {
  const states: string[] = [];
  const actor = startActor(machine, { clock: stillClock, id: 'test', onState: (state) => states.push(state) });
  for (const event of events) actor.send((typeof event === 'string' ? { type: event } : event) as never);
  actor.stop();
  return states;
}

describe('the lifecycle machines', () => {
  const cases: [string, AnyStateMachine, (string | { type: string; code?: number })[], string[]][] = [
    [
      'a component that crashes waits and starts again',
      componentMachine,
      ['START', 'READY', { type: 'EXITED', code: 1 }, 'BACK_OFF', 'START'],
      ['stopped', 'starting', 'running', 'failed', 'back-off', 'starting'],
    ],
    [
      'a thawed component goes on where it stood',
      componentMachine,
      ['START', 'FREEZE', 'THAW', 'READY', 'FREEZE', 'THAW'],
      ['stopped', 'starting', 'frozen.starting', 'starting', 'running', 'frozen.running', 'running'],
    ],
    [
      'a component asked to end is stopped, whatever its code',
      componentMachine,
      ['START', 'READY', 'STOP', { type: 'EXITED', code: 143 }],
      ['stopped', 'starting', 'running', 'stopping', 'stopped'],
    ],
    [
      'a machine that stops answering is stuck until it answers',
      machineMachine,
      ['POWER_ON', 'BOOTED', 'READY', 'SILENT', 'ANSWERED', 'POWER_OFF'],
      ['off', 'booting', 'running', 'ready', 'stuck.running', 'running', 'off'],
    ],
    [
      'a machine that crashed can be switched on again',
      machineMachine,
      ['POWER_ON', 'CRASHED', 'POWER_ON'],
      ['off', 'booting', 'down', 'booting'],
    ],
    [
      'a pod goes from Pending to Running and ends',
      podMachine,
      ['SCHEDULED', 'VOLUMES_READY', 'SANDBOX_READY', 'INITIALIZED', 'STARTED', 'READY', 'TERMINATE', 'FAILED', 'STOPPED'],
      [
        'pending.unscheduled',
        'pending.mounting',
        'pending.sandbox',
        'pending.initializing',
        'pending.starting',
        'running.unready',
        'running.ready',
        'terminating',
        'gone',
      ],
    ],
    [
      'a container that fails backs off',
      containerMachine,
      ['PULL', 'PULLED', 'CREATE', 'START', { type: 'EXITED', code: 1 }, 'BACK_OFF', 'CREATE'],
      ['waiting', 'pulling', 'waiting', 'created', 'running', 'failed', 'back-off', 'created'],
    ],
    [
      'a member recovers, joins and is elected',
      etcdMemberMachine,
      ['RECOVERED', 'FOLLOWER', 'PRE_CANDIDATE', 'CANDIDATE', 'LEADER', 'REMOVED'],
      ['recovering', 'joining', 'serving.follower', 'serving.pre-candidate', 'serving.candidate', 'serving.leader', 'removed'],
    ],
    [
      'a lesson can be reset at any time',
      lessonMachine,
      ['BEGIN', 'PREPARED', 'CHECK', 'NOT_YET', 'RESET', 'PREPARED', 'CHECK', 'FINISHED'],
      ['idle', 'preparing', 'working', 'checking', 'working', 'preparing', 'working', 'checking', 'finished'],
    ],
  ];
  it.each(cases)('%s', (_name, machine, events, states) => {
    expect(walk(machine, events)).toEqual(states);
  });

  it('takes the time of delayed transitions from the clock it is given', () => {
    const waiting: { ms: number; callback: () => void }[] = [];
    const clock = { after: (ms: number, callback: () => void) => (waiting.push({ ms, callback }), () => undefined) };
    const machine = setup({}).createMachine({ initial: 'a', states: { a: { after: { 10_000: 'b' } }, b: {} } });
    const states: string[] = [];
    startActor(machine, { clock, id: 'delayed', onState: (state) => states.push(state) });
    expect(waiting.map((timer) => timer.ms)).toEqual([10_000]);
    waiting[0]!.callback();
    expect(states).toEqual(['a', 'b']);
  });
});
