/** cat: files or standard input to standard output; -n, -b, -A, -e, -E, -T, -s. */
import { readLines } from '#host';
import { applet, forEachInput } from '../applet.ts';

/** cat */
export const cat = applet({ flags: 'nbAEeTtsuv', long: { number: 'n', 'show-all': 'A', 'show-ends': 'E' } }, async (process, options) => {
  const numbered = options.has('n') || options.has('b');
  const ends = options.has('A') || options.has('E') || options.has('e');
  const tabs = options.has('A') || options.has('T') || options.has('t');
  let line = 0;
  return forEachInput(process, options.operands, async ({ reader }) => {
    if (!numbered && !ends && !tabs && !options.has('s')) {
      for (let chunk = await reader.read(); chunk; chunk = await reader.read()) await process.stdout.write(chunk);
      return;
    }
    let blank = false;
    for await (const text of readLines(reader)) {
      if (options.has('s') && text === '' && blank) continue;
      blank = text === '';
      const number = numbered && !(options.has('b') && text === '') ? `${String(++line).padStart(6)}\t` : '';
      await process.stdout.write(`${number}${tabs ? text.replaceAll('\t', '^I') : text}${ends ? '$' : ''}\n`);
    }
  });
});
