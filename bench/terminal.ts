/**
 * How soon a key shows in the terminal of the built lab in a real Chromium, for `npm run bench -- browser`. Needs a build. Chromium holds
 * back messages after a key until it has drawn a frame (its feature DeferRendererTasksAfterInput), so what is drawn is one frame later than
 * what has come; both are told.
 */
import { until, type LabPage } from '../tests/page/lab-page.ts';
import type { Benchmark, Figures } from './simulation.ts';
import { withLab } from './with-lab.ts';

const KEYS = 200;
const KEYS_PER_LINE = 50;
/** A quick typist's pace, and no whole number of frames. */
const KEY_EVERY_MS = 90;

declare global {
  /** Milliseconds from each key to the frame that draws what it changed on the screen. */
  var keyToEchoMs: number[];
  /** Milliseconds from each key to the next frame there was, which no echo can be ahead of. */
  var keyToFrameMs: number[];
}

/** Notes from now on how long each key takes, by the event's own time stamp. */
const observeKeys = (tab: LabPage): Promise<void> =>
  tab.page.evaluate((): void => {
    globalThis.keyToEchoMs = [];
    globalThis.keyToFrameMs = [];
    let pressedMs: number | undefined;
    const onKey = ({ timeStamp }: Event): void => {
      pressedMs ??= timeStamp;
      requestAnimationFrame(() => void keyToFrameMs.push(performance.now() - timeStamp));
    };
    document.addEventListener('keydown', onKey, { capture: true });
    // The screen is drawn in a frame's callback, so a change of it is as good as painted.
    new MutationObserver(() => {
      if (pressedMs === undefined) return;
      keyToEchoMs.push(performance.now() - pressedMs);
      pressedMs = undefined;
    }).observe(document.querySelector('.xterm-rows')!, { childList: true, subtree: true, characterData: true });
  });

/** Milliseconds from a letter for a shell to its echo in the page, without keyboard and screen; in ascending order. */
const echoAlone = (tab: LabPage): Promise<number[]> =>
  tab.page.evaluate(
    async ([count, everyMs]) => {
      let onOutput = (): void => undefined;
      const shell = await lab.terminal(
        { columns: 80, rows: 24 },
        async () => onOutput(),
        () => undefined,
      );
      const times: number[] = [];
      // The prompt comes first.
      await new Promise<void>((resolve) => (onOutput = resolve));
      for (let at = 0; at < count; at++) {
        await new Promise((resolve) => setTimeout(resolve, everyMs));
        const startMs = performance.now();
        const echoed = new Promise<void>((resolve) => (onOutput = resolve));
        shell.write('a');
        await echoed;
        times.push(performance.now() - startMs);
      }
      shell.close();
      return times.toSorted((a, b) => a - b);
    },
    [KEYS, KEY_EVERY_MS] as const,
  );

/** Types comments, which are echoed and then do nothing, and gives the times to the echo and to any frame in ascending order. */
async function typeKeys(tab: LabPage): Promise<{ echo: number[]; frame: number[] }> {
  await tab.page.evaluate(() => {
    keyToEchoMs.length = 0;
    keyToFrameMs.length = 0;
  });
  for (let at = 0; at < KEYS; at++) {
    if (at % KEYS_PER_LINE === 0) {
      await tab.page.keyboard.press('Enter');
      await tab.page.keyboard.press('#');
    }
    await tab.page.keyboard.press('abcdefghij'[at % 10]!, { delay: 20 });
    await new Promise((resolve) => setTimeout(resolve, KEY_EVERY_MS - 20));
  }
  return tab.page.evaluate(() => ({
    echo: keyToEchoMs.toSorted((a, b) => a - b),
    frame: keyToFrameMs.toSorted((a, b) => a - b),
  }));
}

const figuresOf = (what: string, times: readonly number[]): Figures => ({
  [`${what}, median, ms`]: times[times.length >> 1]!,
  [`${what}, p95, ms`]: times[Math.floor(times.length * 0.95)]!,
});

const echo: Benchmark = {
  name: 'browser key to echo, 3 control planes, 3 workers',
  run: () =>
    withLab('?controlPlanes=3&workers=3', async (tab) => {
      await tab.ready();
      await until('the terminal', () => tab.page.locator('.xterm-rows').first().isVisible());
      await tab.page.locator('.xterm-helper-textarea').first().focus();
      await observeKeys(tab);
      const measure = async (when: string): Promise<Figures> => {
        const { echo: drawn, frame } = await typeKeys(tab);
        return {
          ...figuresOf(`letter to echo in the page, ${when}`, await echoAlone(tab)),
          ...figuresOf(`key to drawn echo, ${when}`, drawn),
          ...figuresOf(`key to any frame, ${when}`, frame),
        };
      };
      const idle = await measure('idle cluster');
      await tab.page.evaluate(() => {
        void lab.run('kubectl create deployment bench --image=nginx:1.27 --replicas=100');
      });
      return { ...idle, ...(await measure('while 100 pods start and run')) };
    }),
};

/** Benchmarks of the terminal. */
export const terminalBenchmarks: readonly Benchmark[] = [echo];
