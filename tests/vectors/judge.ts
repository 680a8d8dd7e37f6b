// Turns a file of vectors into cases that can be run one by one, by the format it declares.

import { runHistory, runWatchStream } from './histories.ts';
import { runCluster } from './raft-cluster.ts';
import { runConfChanges, runQuorum, runTableRow, tables } from './raft-pure.ts';
import { runScenario, runStatistical } from './raft-scenario.ts';
import { runScript, type ScriptResult } from './raft-script.ts';
import { asList, asObject, asString, onlyFields, type Json, type JsonObject } from './strict.ts';

/** One case of a file; run throws where the product departs from it. */
export interface VectorCase {
  readonly id: string;
  run(): void;
}

/** The cases of a file, and for scripts what the states and the wire said over all cases that ran. */
export interface VectorFile {
  readonly cases: readonly VectorCase[];
  readonly scripts: ScriptResult[];
}

/** Reads a parsed file. Throws for an unknown format or field, and for a file without cases. */
export function readVectors(parsed: Json): VectorFile {
  const file = asObject(parsed, 'file');
  const scripts: ScriptResult[] = [];
  const cases = casesOf(file, scripts);
  if (cases.length === 0) throw new Error('a file without cases');
  return { cases, scripts };
}

function casesOf(file: JsonObject, scripts: ScriptResult[]): VectorCase[] {
  const format = asString(file['format'], 'format');
  const each = (name: string, run: (one: JsonObject) => void): VectorCase[] =>
    asList(file[name] ?? [], name).map((value, i) => {
      const one = asObject(value, `${name}[${i}]`);
      return { id: typeof one['id'] === 'string' ? one['id'] : `${name}-${i}`, run: () => run(one) };
    });
  const fields = (...allowed: string[]): void => onlyFields(file, ['format', 'note', ...allowed], 'file');
  switch (format) {
    case 'raft-quorum/1':
      fields('cases');
      return each('cases', runQuorum);
    case 'raft-confchange/1':
      fields('sequences');
      return each('sequences', runConfChanges);
    case 'raft-tables/1':
      fields(...Object.keys(tables));
      return Object.keys(tables).flatMap((table) => each(table, (row) => runTableRow(table, row)));
    case 'raft-scenario/1':
      fields('scenarios', 'statistical');
      return [...each('scenarios', runScenario), ...each('statistical', runStatistical)];
    case 'raft-cluster/1': {
      const lists = ['clusters', 'scenarios', 'cases', 'runs', 'traces'];
      fields(...lists);
      return lists.flatMap((name) => each(name, runCluster));
    }
    case 'raft-script/1': {
      fields('scripts', 'afterColumns');
      const columns = asList(file['afterColumns'] ?? [], 'afterColumns').map((column) => asString(column, 'afterColumns'));
      return each('scripts', (script) => {
        const result = runScript(script, columns);
        scripts.push(result);
        if (result.final !== undefined) throw new Error(result.final);
      });
    }
    case 'kv-history/1':
      fields('histories');
      return each('histories', runHistory);
    case 'watch-stream/1':
      fields('cases');
      return each('cases', runWatchStream);
    default:
      throw new Error(`unknown format "${format}"`);
  }
}
