/** A watch answer as events: newline-separated JSON, decoded as it comes. */
import type { KubeObject, WatchEvent } from '#apimachinery';
import { NetworkError, type HttpResponse } from '#host';

/** The events of one watch. Iterating ends when the server ends it or `stop` was called, and throws RequestError when the connection broke. */
export interface WatchStream<T extends KubeObject = KubeObject> extends AsyncIterable<WatchEvent<T>> {
  stop(): void;
}

/** Decodes the body of a watch answer. `explain` makes the thrown error of a NetworkError. */
export function decodeWatch<T extends KubeObject>(response: HttpResponse, explain: (error: NetworkError) => unknown): WatchStream<T> {
  let stopped = false;
  async function* events(): AsyncGenerator<WatchEvent<T>> {
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for await (const chunk of response.chunks()) {
        rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
        for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
          const line = rest.slice(0, end);
          rest = rest.slice(end + 1);
          if (stopped) return;
          if (line) yield JSON.parse(line) as WatchEvent<T>;
        }
        if (stopped) return;
      }
    } catch (error) {
      if (stopped) return;
      throw error instanceof NetworkError ? explain(error) : error;
    } finally {
      response.cancel();
    }
  }
  return {
    [Symbol.asyncIterator]: events,
    stop() {
      stopped = true;
      response.cancel();
    },
  };
}
