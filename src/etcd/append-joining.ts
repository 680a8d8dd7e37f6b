/** Appends to one peer that follow on each other, as one: a leader makes one for each proposal, and each costs an answer. */
import type { Entry, Message } from '#raft';

type Append = Extract<Message, { type: 'append' }>;

/** Characters of entries in one append (etcd's maxSizePerMsg). */
const JOINED_CHARACTERS_MAX = 512 * 1024;

const charactersOf = (entries: readonly Entry[]): number => entries.reduce((sum, { data }) => sum + data.length, 0);

interface Joining {
  append: Append;
  entries: Entry[];
  characters: number;
  /** Where it stands among the messages. */
  readonly at: number;
}

/** Whether `next` says only what comes right behind `before`. */
function follows({ append, entries }: Joining, next: Append): boolean {
  const last = entries.at(-1);
  return next.term === append.term && next.index === (last?.index ?? append.index) && next.logTerm === (last?.term ?? append.logTerm);
}

/** The messages, in order, with appends joined that have nothing else for that peer between them. */
export function joinAppends(messages: readonly Message[]): readonly Message[] {
  if (messages.length < 2) return messages;
  const joined: Message[] = [];
  const open = new Map<number, Joining>();
  for (const message of messages) {
    if (message.type !== 'append') {
      open.delete(message.to);
      joined.push(message);
      continue;
    }
    const before = open.get(message.to);
    const characters = charactersOf(message.entries);
    if (before && follows(before, message) && before.characters + characters <= JOINED_CHARACTERS_MAX) {
      for (const entry of message.entries) before.entries.push(entry);
      before.characters += characters;
      before.append = { ...before.append, commit: message.commit, entries: before.entries };
      joined[before.at] = before.append;
    } else {
      open.set(message.to, { append: message, entries: [...message.entries], characters, at: joined.length });
      joined.push(message);
    }
  }
  return joined;
}
