/** docker.io/library/perl: the interpreter of the documentation's Job, which computes π; it understands `print` of texts, numbers and bpi(n), and says so of the rest. */
import type { Program } from '#host';
import type { Image } from '../image.ts';
import { userland } from '../userland.ts';

/** What bpi(2000) takes on one processor, milliseconds per digit squared. */
const MS_PER_SQUARE = 0.001;

/** π with `digits` significant digits, by Machin's formula. */
export function piDigits(digits: number): string {
  const guard = 10n;
  const scale = 10n ** (BigInt(digits) + guard);
  const arctanOfInverse = (x: bigint): bigint => {
    let [power, sum] = [scale / x, 0n];
    for (let k = 1n, sign = 1n; power > 0n; k += 2n, sign = -sign) {
      sum += (sign * power) / k;
      power /= x * x;
    }
    return sum;
  };
  const pi = 4n * (4n * arctanOfInverse(5n) - arctanOfInverse(239n));
  const rounded = (pi / 10n ** guard + 5n) / 10n;
  const text = String(rounded);
  return `${text[0]}.${text.slice(1)}`;
}

/** The code of -e; single letters before it (-wl) and modules (-Mbignum=bpi) are taken as they come. */
function codeOf(argv: readonly string[]): { readonly code: string | undefined; readonly endsLines: boolean } {
  let endsLines = false;
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at]!;
    if (!word.startsWith('-') || word.startsWith('-M')) continue;
    if (word.includes('l')) endsLines = true;
    if (/[eE]$/.test(word)) return { code: argv[at + 1], endsLines };
  }
  return { code: undefined, endsLines };
}

const perl: Program = async (process) => {
  const { code, endsLines } = codeOf(process.argv);
  const printed = /^\s*print\s+(?:bpi\((\d{1,5})\)|"([^"$@\\]*)(\\n)?"|(\d+))\s*;?\s*$/.exec(code ?? '');
  if (!printed) {
    await process.stderr.write('SIMULATED: this perl knows nothing but print of a text, a number or bpi(digits).\n');
    return 2;
  }
  const [, digits, text = '', newLine, number] = printed;
  if (digits !== undefined) await process.clock.sleep(Number(digits) ** 2 * MS_PER_SQUARE);
  const value = digits === undefined ? (number ?? text) : piDigits(Math.max(2, Number(digits)));
  await process.stdout.write(`${value}${newLine || endsLines ? '\n' : ''}`);
  return 0;
};

/** The perl image. */
export const perlImage: Image = {
  repository: 'docker.io/library/perl',
  releases: [
    { version: '5.40.2', tags: ['5.40.2', '5.40', '5', 'latest'] },
    { version: '5.38.4', tags: ['5.38.4', '5.38'] },
    { version: '5.36.3', tags: ['5.36.3', '5.36'] },
    { version: '5.34.0', tags: ['5.34.0', '5.34'] },
  ],
  sizeBytes: 336_374_010,
  cmd: ['perl', '-de0'],
  usage: { cpuMillis: 900, memoryBytes: 12_582_912 },
  programs: userland({ directory: '/usr/bin', shells: ['sh', 'bash', 'dash'], own: { '/usr/bin/perl': perl } }),
};
