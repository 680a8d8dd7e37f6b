/** The tokens of logged-in users, in each member's memory (`--auth-token=simple`): told to all through the log, forgotten at a restart. */
import type { Clock } from '#host';
import type { AuthChange } from './auth-requests.ts';

/** A token lives on for five minutes after its last use (simpleTokenTTLDefault). */
const TOKEN_TTL_MS = 300_000;
/** Tokens a member remembers; the oldest go first. */
const TOKENS_MAX = 10_000;

export class SimpleTokens {
  readonly #clock: Clock;
  readonly #tokens = new Map<string, { readonly username: string; expiresMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  #assign(token: string, username: string): void {
    this.#tokens.set(token, { username, expiresMs: this.#clock.monotonicMs() + TOKEN_TTL_MS });
    for (const oldest of this.#tokens.keys()) {
      if (this.#tokens.size <= TOKENS_MAX) return;
      this.#tokens.delete(oldest);
    }
  }

  /** The user of a token, whose time begins anew; undefined for one that is unknown or too old. */
  userOf(token: string): string | undefined {
    const found = this.#tokens.get(token);
    if (!found) return undefined;
    const nowMs = this.#clock.monotonicMs();
    if (found.expiresMs <= nowMs) {
      this.#tokens.delete(token);
      return undefined;
    }
    found.expiresMs = nowMs + TOKEN_TTL_MS;
    return found.username;
  }

  /** A change of the auth store was applied: who logged in may come again, who was changed has to log in again. */
  changed(change: AuthChange): void {
    if ('authenticate' in change) this.#assign(change.authenticate.token, change.authenticate.name);
    else if ('disable' in change) this.#tokens.clear();
    else if ('userDelete' in change) this.#invalidate(change.userDelete.name);
    else if ('userChangePassword' in change) this.#invalidate(change.userChangePassword.name);
  }

  #invalidate(username: string): void {
    for (const [token, found] of this.#tokens) if (found.username === username) this.#tokens.delete(token);
  }
}
