/** Programs that pass text through: head, tail, wc, sort, uniq, cut, tr, tee, seq, rev, tac, nl, base64, sha256sum. */
import { readAll, readLines, type ByteReader, type Process } from '#host';
import { applet, forEachInput, UsageError, wholeNumber } from '../applet.ts';
import { openForWriting } from '../io.ts';
import { readEscapes } from '../printf.ts';
import { resolvePath } from '../paths.ts';

/** head: -n, -c, -N. */
export const head = applet({ flags: 'qv', values: 'nc', numberLetter: 'n', long: { lines: 'n', bytes: 'c' } }, async (process, options) => {
  const count = wholeNumber(options.value('n') ?? '10', 'invalid number of lines');
  let first = true;
  return forEachInput(process, options.operands, async ({ name, reader }) => {
    if (options.operands.length > 1 && !options.has('q')) await process.stdout.write(`${first ? '' : '\n'}==> ${name} <==\n`);
    first = false;
    if (options.has('c')) {
      const text = new TextEncoder().encode(await readAll(reader));
      return process.stdout.write(text.subarray(0, wholeNumber(options.value('c')!, 'invalid number of bytes')));
    }
    if (count < 0) {
      const lines = (await readAll(reader)).match(/[^\n]*\n|[^\n]+$/g) ?? [];
      return process.stdout.write(lines.slice(0, count).join(''));
    }
    let left = count;
    if (left === 0) return;
    for await (const line of readLines(reader)) {
      await process.stdout.write(`${line}\n`);
      if (--left === 0) break;
    }
  });
});

async function follow(process: Process, path: string, from: number): Promise<never> {
  let at = from;
  for (;;) {
    const size = process.files.stat(path)?.sizeBytes ?? 0;
    if (size < at) at = 0;
    if (size > at) {
      await process.stdout.write(process.files.readBytes(path).subarray(at));
      at = size;
      continue;
    }
    await new Promise<void>((resolve) => {
      const stop = process.files.watch(path, () => {
        stop();
        resolve();
      });
    });
  }
}

/** tail: -n, -c, -f, +N. */
export const tail = applet(
  { flags: 'fFqv', values: 'ncs', numberLetter: 'n', long: { lines: 'n', follow: 'f', bytes: 'c' } },
  async (process, options) => {
    const text = options.value('n') ?? '10';
    const count = wholeNumber(text, 'invalid number of lines');
    const status = await forEachInput(process, options.operands, async ({ name, reader }) => {
      if (options.operands.length > 1) await process.stdout.write(`==> ${name} <==\n`);
      const whole = await readAll(reader);
      if (options.has('c'))
        return process.stdout.write(new TextEncoder().encode(whole).slice(-wholeNumber(options.value('c')!, 'invalid number of bytes')));
      const lines = whole.match(/[^\n]*\n|[^\n]+$/g) ?? [];
      return process.stdout.write(
        (text.startsWith('+') ? lines.slice(Math.max(0, count - 1)) : count === 0 ? [] : lines.slice(-Math.abs(count))).join(''),
      );
    });
    const [only] = options.operands;
    if ((options.has('f') || options.has('F')) && only !== undefined && only !== '-' && status === 0) {
      const path = resolvePath(process.cwd, only);
      return follow(process, path, process.files.stat(path)?.sizeBytes ?? 0);
    }
    return status;
  },
);

/** wc: -l -w -c -m. */
export const wc = applet({ flags: 'lwcm', long: { lines: 'l', words: 'w', bytes: 'c', chars: 'm' } }, async (process, options) => {
  const rows: { counts: number[]; name: string }[] = [];
  const all = !'lwcm'.split('').some((letter) => options.has(letter));
  const status = await forEachInput(process, options.operands, async ({ name, reader }) => {
    const text = await readAll(reader);
    const counts: number[] = [];
    if (all || options.has('l')) counts.push(text.split('\n').length - 1);
    if (all || options.has('w')) counts.push(text.split(/\s+/).filter((word) => word !== '').length);
    if (options.has('m')) counts.push([...text].length);
    if (all || options.has('c')) counts.push(new TextEncoder().encode(text).length);
    rows.push({ counts, name: name === '-' && options.operands.length === 0 ? '' : name });
  });
  if (rows.length > 1)
    rows.push({ counts: rows[0]!.counts.map((_, at) => rows.reduce((sum, { counts }) => sum + counts[at]!, 0)), name: 'total' });
  const fromStdin = rows.some(({ name }) => name === '' || name === '-');
  const single = rows.length === 1 && rows[0]!.counts.length === 1;
  const width = single ? 1 : fromStdin ? 7 : Math.max(0, ...rows.flatMap(({ counts }) => counts.map((count) => String(count).length)));
  for (const { counts, name } of rows)
    await process.stdout.write(`${counts.map((count) => String(count).padStart(width)).join(' ')}${name ? ` ${name}` : ''}\n`);
  return status;
});

async function allLines(process: Process, operands: readonly string[]): Promise<{ lines: string[]; status: number }> {
  const lines: string[] = [];
  const status = await forEachInput(
    process,
    operands,
    async ({ reader }) => {
      for await (const line of readLines(reader)) lines.push(line);
    },
    2,
  );
  return { lines, status };
}

const HUMAN: Readonly<Record<string, number>> = { K: 1, M: 2, G: 3, T: 4 };
const humanValue = (text: string): number => {
  const match = /^\s*(-?[\d.]+)([KMGT])?/.exec(text);
  return match ? Number(match[1]) * 1024 ** (HUMAN[match[2] ?? ''] ?? 0) : 0;
};

/** sort: -r -n -u -k -t -f -h -b -V -o. */
export const sort = applet(
  { flags: 'rnufhbVsdg', values: 'kto', long: { reverse: 'r', 'numeric-sort': 'n', unique: 'u', key: 'k', 'field-separator': 't' } },
  async (process, options) => {
    const { lines, status } = await allLines(process, options.operands);
    const separator = options.value('t');
    const keys = options.values('k').map((spec) => {
      const match = /^(\d+)(?:\.\d+)?([a-zA-Z]*)(?:,(\d+)([a-zA-Z]*))?$/.exec(spec);
      if (!match) throw new UsageError(`invalid number at field start: invalid count at start of '${spec}'`, 2);
      return { from: Number(match[1]), to: match[3] ? Number(match[3]) : undefined, letters: (match[2] ?? '') + (match[4] ?? '') };
    });
    const fieldOf = (line: string, { from, to }: { from: number; to: number | undefined }): string => {
      const fields = separator === undefined ? line.trimStart().split(/\s+/) : line.split(separator);
      return fields.slice(from - 1, to).join(separator ?? ' ');
    };
    const compareText = (a: string, b: string, letters: string): number => {
      const has = (letter: string): boolean => letters.includes(letter) || (letters === '' && options.has(letter));
      if (has('n') || has('g')) return (Number.parseFloat(a) || 0) - (Number.parseFloat(b) || 0);
      if (has('h')) return humanValue(a) - humanValue(b);
      if (has('V')) {
        const parts = (text: string): string[] => text.match(/\d+|\D+/g) ?? [];
        const [x, y] = [parts(a), parts(b)];
        for (let at = 0; at < Math.min(x.length, y.length); at++)
          if (x[at] !== y[at]) return /^\d/.test(x[at]!) && /^\d/.test(y[at]!) ? Number(x[at]) - Number(y[at]) : x[at]! < y[at]! ? -1 : 1;
        return x.length - y.length;
      }
      const [left, right] = has('f') ? [a.toUpperCase(), b.toUpperCase()] : [a, b];
      return left < right ? -1 : left > right ? 1 : 0;
    };
    const compareKeys = (a: string, b: string): number => {
      for (const key of keys.length ? keys : [undefined]) {
        const result = key
          ? compareText(fieldOf(a, key), fieldOf(b, key), key.letters.replace(/[rb]/g, '')) * (key.letters.includes('r') ? -1 : 1)
          : compareText(a, b, '');
        if (result !== 0) return result;
      }
      return 0;
    };
    const sign = options.has('r') ? -1 : 1;
    lines.sort((a, b) => sign * (compareKeys(a, b) || (options.has('u') || options.has('s') ? 0 : a < b ? -1 : a > b ? 1 : 0)));
    const kept = options.has('u') ? lines.filter((line, at) => at === 0 || compareKeys(lines[at - 1]!, line) !== 0) : lines;
    const text = kept.map((line) => `${line}\n`).join('');
    const output = options.value('o');
    await (output === undefined ? process.stdout : openForWriting(process.files, resolvePath(process.cwd, output), false)).write(text);
    return status;
  },
);

/** uniq: -c -d -u -i. */
export const uniq = applet({ flags: 'cdui', values: 'f' }, async (process, options) => {
  const { lines, status } = await allLines(process, options.operands.slice(0, 1));
  const groups: { text: string; count: number }[] = [];
  const key = (text: string): string => (options.has('i') ? text.toLowerCase() : text);
  for (const text of lines) {
    const last = groups.at(-1);
    if (last && key(last.text) === key(text)) last.count++;
    else groups.push({ text, count: 1 });
  }
  const wanted = groups.filter(({ count }) => (!options.has('d') || count > 1) && (!options.has('u') || count === 1));
  await process.stdout.write(
    wanted.map(({ text, count }) => `${options.has('c') ? `${String(count).padStart(7)} ` : ''}${text}\n`).join(''),
  );
  return status;
});

/** cut: -d -f -c -s. */
export const cut = applet(
  { flags: 'sn', values: 'dfcb', longValues: ['output-delimiter'], long: { delimiter: 'd', fields: 'f', characters: 'c' } },
  async (process, options) => {
    const list = options.value('f') ?? options.value('c') ?? options.value('b');
    if (list === undefined)
      throw new UsageError("you must specify a list of bytes, characters, or fields\nTry 'cut --help' for more information.");
    const ranges = list.split(',').map((part) => {
      const match = /^(\d*)(-?)(\d*)$/.exec(part);
      if (!match || part === '-' || part === '') throw new UsageError(`invalid field value '${part}'`);
      return { from: Number(match[1] || 1), to: match[2] ? Number(match[3] || Infinity) : Number(match[1]) };
    });
    const takes = (at: number): boolean => ranges.some(({ from, to }) => at >= from && at <= to);
    const delimiter = options.value('d') ?? '\t';
    return forEachInput(process, options.operands, async ({ reader }) => {
      for await (const line of readLines(reader)) {
        if (!options.has('f')) await process.stdout.write(`${[...line].filter((_, at) => takes(at + 1)).join('')}\n`);
        else if (line.includes(delimiter))
          await process.stdout.write(
            `${line
              .split(delimiter)
              .filter((_, at) => takes(at + 1))
              .join(options.value('output-delimiter') ?? delimiter)}\n`,
          );
        else if (!options.has('s')) await process.stdout.write(`${line}\n`);
      }
    });
  },
);

const TR_CLASSES: Readonly<Record<string, string>> = {
  upper: 'A-Z',
  lower: 'a-z',
  digit: '0-9',
  alpha: 'A-Za-z',
  alnum: 'A-Za-z0-9',
  space: ' \\t\\n\\r\\v\\f',
  punct: '!-/:-@[-`{-~',
  blank: ' \\t',
};

function trSet(spec: string): string[] {
  const text = readEscapes(
    spec.replace(/\[:(\w+):\]/g, (match, name: string) => TR_CLASSES[name] ?? match),
    false,
  ).text;
  const chars = [...text];
  const result: string[] = [];
  for (let at = 0; at < chars.length; at++) {
    if (chars[at + 1] !== '-' || at + 2 >= chars.length) {
      result.push(chars[at]!);
      continue;
    }
    for (let code = chars[at]!.codePointAt(0)!; code <= chars[at + 2]!.codePointAt(0)!; code++) result.push(String.fromCodePoint(code));
    at += 2;
  }
  return result;
}

/** tr: translate, -d, -s, -c. */
export const tr = applet({ flags: 'dscCt' }, async (process, options) => {
  const [first, second] = options.operands;
  if (first === undefined) throw new UsageError("missing operand\nTry 'tr --help' for more information.");
  if (second === undefined && !options.has('d') && !options.has('s'))
    throw new UsageError(
      `missing operand after '${first}'\nTwo strings must be given when translating.\nTry 'tr --help' for more information.`,
    );
  const from = trSet(first);
  const to = second === undefined ? [] : trSet(second);
  const inSet = (char: string): boolean => from.includes(char) !== (options.has('c') || options.has('C'));
  const squeezed = new Set(options.has('s') ? (second !== undefined ? to : from) : []);
  const decoder = new TextDecoder();
  let last = '';
  for (let chunk = await process.stdin.read(); chunk; chunk = await process.stdin.read()) {
    let text = '';
    for (const char of decoder.decode(chunk, { stream: true })) {
      if (options.has('d') && inSet(char)) continue;
      const mapped = !options.has('d') && to.length > 0 && inSet(char) ? (to[Math.max(0, from.indexOf(char))] ?? to.at(-1)!) : char;
      if (squeezed.has(mapped) && mapped === last) continue;
      last = mapped;
      text += mapped;
    }
    await process.stdout.write(text);
  }
  return 0;
});

/** tee: -a. */
export const tee = applet({ flags: 'ai' }, async (process, options) => {
  const writers = options.operands.map((operand) => openForWriting(process.files, resolvePath(process.cwd, operand), options.has('a')));
  for (let chunk = await process.stdin.read(); chunk; chunk = await process.stdin.read()) {
    for (const writer of writers) await writer.write(chunk);
    await process.stdout.write(chunk);
  }
  return 0;
});

/** seq: LAST, FIRST LAST, FIRST STEP LAST; -s, -w. */
export const seq = applet({ flags: 'w', values: 's', stopAtOperand: true }, async (process, options) => {
  const numbers = options.operands.map(Number);
  if (numbers.length === 0 || numbers.length > 3)
    throw new UsageError(
      numbers.length ? `extra operand '${options.operands[3]!}'` : "missing operand\nTry 'seq --help' for more information.",
    );
  const bad = numbers.findIndex(Number.isNaN);
  if (bad >= 0) throw new UsageError(`invalid floating point argument: '${options.operands[bad]!}'`);
  const first = numbers.length > 1 ? numbers[0]! : 1;
  const step = numbers.length > 2 ? numbers[1]! : 1;
  const last = numbers.at(-1)!;
  if (step === 0) throw new UsageError("invalid Zero increment value: '0'");
  const width = options.has('w') ? Math.max(String(first).length, String(last).length) : 0;
  const separator = options.value('s') ?? '\n';
  const count = Math.floor((last - first) / step + 1e-9);
  for (let at = 0; at <= count; at++)
    await process.stdout.write(`${String(Number((first + at * step).toFixed(10))).padStart(width, '0')}${at < count ? separator : '\n'}`);
  return 0;
});

/** tac: lines in reverse order. */
export const tac = applet({}, async (process, options) => {
  const { lines, status } = await allLines(process, options.operands);
  await process.stdout.write(
    lines
      .reverse()
      .map((line) => `${line}\n`)
      .join(''),
  );
  return status;
});

async function readBytes(reader: ByteReader): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let chunk = await reader.read(); chunk; chunk = await reader.read()) chunks.push(chunk);
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** base64: -d, -w. */
export const base64 = applet({ flags: 'di', values: 'w', long: { decode: 'd', wrap: 'w' } }, async (process, options) => {
  let bad = false;
  const status = await forEachInput(process, options.operands.slice(0, 1), async ({ reader }) => {
    const bytes = await readBytes(reader);
    if (options.has('d')) {
      const text = new TextDecoder().decode(bytes).replace(/\s/g, '');
      const whole = /^[A-Za-z0-9+/]*={0,2}/.exec(text)![0];
      bad = whole.length !== text.length || text.replace(/=+$/, '').length % 4 === 1 || text.length % 4 !== 0;
      const usable = whole.replace(/=+$/, '');
      const binary = atob(usable.slice(0, usable.length - (usable.length % 4 === 1 ? 1 : 0)));
      return process.stdout.write(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
    }
    const encoded = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
    const width = wholeNumber(options.value('w') ?? '76', 'invalid wrap size');
    return process.stdout.write(
      width === 0 ? encoded : (encoded.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).map((line) => `${line}\n`).join(''),
    );
  });
  if (!bad) return status;
  await process.stderr.write('base64: invalid input\n');
  return 1;
});

/** sha256sum */
export const sha256sum = applet({}, (process, options) =>
  forEachInput(process, options.operands, async ({ name, reader }) => {
    const digest = process.crypto.sha256(await readBytes(reader));
    await process.stdout.write(`${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}  ${name}\n`);
  }),
);
