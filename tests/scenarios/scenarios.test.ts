/**
 * Every transcript of this folder, typed again: what is printed has to be what stands there.
 * `SCENARIOS=write npx vitest run --project simulation tests/scenarios` writes down what is printed now; read what changed before you keep it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { etcdTerminals, type Terminals } from './etcd-terminals.ts';
import { parseTranscript, plain, writeTranscript, type Transcript } from './transcript.ts';

const folder = fileURLToPath(new URL('.', import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .sort();

function terminalsFor(name: string, { settings }: Transcript): Promise<Terminals> {
  const [, members] = /^(\d) etcd members?$/.exec(settings['cluster'] ?? '') ?? [];
  if (members === undefined) throw new Error(`${name} does not say what it runs on`);
  return etcdTerminals(name, Number(members), settings['flags']?.split(' ') ?? []);
}

describe('the transcript', () => {
  it.each(files)('%s reads as before', async (name) => {
    const path = `${folder}${name}`;
    const transcript = parseTranscript(readFileSync(path, 'utf8'));
    const terminals = await terminalsFor(name, transcript);
    const shown = plain();
    const outputs: string[] = [];
    for (const step of transcript.steps) outputs.push(shown(await terminals.take(step)));
    const written = writeTranscript(transcript, outputs);
    if (process.env['SCENARIOS'] === 'write') writeFileSync(path, written);
    else
      expect(written).toBe(
        writeTranscript(
          transcript,
          transcript.steps.map(({ output }) => output),
        ),
      );
  });

  it('is there at all', () => expect(files.length).toBeGreaterThan(0));
});
