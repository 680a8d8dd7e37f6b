/**
 * How the states of machines, components and pods look: a word, a mark and a tone, never a tone alone. The states themselves are
 * those of the lifecycle machines.
 */
import type { ComponentInfo } from '#lab';

/** serving: does its work; waiting: on its way; frozen: stopped by a signal; failed: ended badly; off: not running on purpose. */
export type Tone = 'serving' | 'waiting' | 'frozen' | 'failed' | 'off';

/** A state as it is shown. */
export interface StateLook {
  readonly word: string;
  readonly mark: string;
  readonly tone: Tone;
}

const LOOKS: Readonly<Record<string, StateLook>> = {
  running: { word: 'running', mark: '', tone: 'serving' },
  ready: { word: 'ready', mark: '', tone: 'serving' },
  unready: { word: 'not ready', mark: '◌', tone: 'waiting' },
  serving: { word: 'serving', mark: '', tone: 'serving' },
  recovering: { word: 'recovering', mark: '◌', tone: 'waiting' },
  joining: { word: 'joining', mark: '◌', tone: 'waiting' },
  'no-space': { word: 'NOSPACE alarm', mark: '✕', tone: 'failed' },
  corrupt: { word: 'corrupt', mark: '✕', tone: 'failed' },
  removed: { word: 'removed', mark: '✕', tone: 'off' },
  starting: { word: 'starting', mark: '◌', tone: 'waiting' },
  booting: { word: 'booting', mark: '◌', tone: 'waiting' },
  stopping: { word: 'stopping', mark: '◌', tone: 'waiting' },
  'shutting-down': { word: 'shutting down', mark: '◌', tone: 'waiting' },
  frozen: { word: 'frozen', mark: '‖', tone: 'frozen' },
  stuck: { word: 'stuck', mark: '‖', tone: 'failed' },
  failed: { word: 'failed', mark: '✕', tone: 'failed' },
  exited: { word: 'exited', mark: '✕', tone: 'failed' },
  down: { word: 'down', mark: '✕', tone: 'failed' },
  'back-off': { word: 'back-off', mark: '↻', tone: 'failed' },
  stopped: { word: 'stopped', mark: '✕', tone: 'off' },
  off: { word: 'off', mark: '✕', tone: 'off' },
  absent: { word: 'not started', mark: '◌', tone: 'waiting' },
};

/** How a lifecycle state looks; an unknown one is shown by its own name. Nested states (`frozen.running`) look as their parent. */
export function lookOf(state: string): StateLook {
  const outer = state.split('.')[0] ?? state;
  return LOOKS[outer] ?? { word: state, mark: '◌', tone: 'waiting' };
}

/** Roles in Raft: leader a crown, follower a ring, candidate an hourglass, learner a half ring. */
export const RAFT_MARKS: Readonly<Record<string, string>> = {
  leader: '♛',
  follower: '○',
  candidate: '⋈',
  'pre-candidate': '⋈',
  learner: '◐',
};

/** What a component says of itself in a word or two below its name; its mark is shown beside it. */
export function componentWords(component: ComponentInfo): string {
  const look = lookOf(component.state);
  if (look.tone !== 'serving') return look.word;
  if (component.raft) return component.raft.role;
  if (component.name === 'kube-scheduler' || component.name === 'kube-controller-manager') {
    if (component.leader !== undefined) return component.leader ? 'active' : 'standby';
  }
  return look.word;
}

/** The short names that fit the map's small cards. */
export function shortName(component: string): string {
  if (component === 'kube-scheduler') return 'scheduler';
  return component === 'kube-controller-manager' ? 'controllers' : component;
}

/** Whether it acts now where only one may: Raft leader, lease holder. */
export function actsNow(component: ComponentInfo): boolean {
  return lookOf(component.state).tone === 'serving' && (component.raft?.role === 'leader' || component.leader === true);
}
