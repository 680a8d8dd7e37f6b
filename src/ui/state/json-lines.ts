/** Reads a streamed body of JSON lines, as a watch answers: one value per line, split anywhere on its way. */

/** A line longer than this is no watch event; etcd refuses objects far smaller. */
const LINE_LENGTH_MAX = 8 * 1024 * 1024;

/** Yields each line's value. Ends with the body; throws on a line that is no JSON. */
export async function* readJsonLines(body: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      rest += done ? decoder.decode() : decoder.decode(value, { stream: true });
      let end = rest.indexOf('\n');
      for (; end >= 0; end = rest.indexOf('\n')) {
        const line = rest.slice(0, end).trim();
        rest = rest.slice(end + 1);
        if (line !== '') yield JSON.parse(line);
      }
      if (rest.length > LINE_LENGTH_MAX) throw new Error(`a line of the stream is longer than ${LINE_LENGTH_MAX} letters`);
      if (done) break;
    }
    if (rest.trim() !== '') yield JSON.parse(rest);
  } finally {
    // Whoever leaves early hangs up.
    await reader.cancel();
  }
}
