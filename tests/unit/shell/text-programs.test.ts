/** tar, awk, jq, diff and expr: what each prints for a line. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createWorkbench, type Workbench } from './workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await createWorkbench();
});

type Case = readonly [title: string, line: string, stdout: string, code?: number, stderr?: string];
const check = (cases: readonly Case[]): void => {
  it.each(cases.map((given) => ({ title: given[0], given })))('$title', async ({ given: [, line, stdout, code = 0, stderr = ''] }) => {
    expect(await bench.run(line)).toEqual({ stdout, stderr, code });
  });
};

describe('tar', () => {
  check([
    [
      'takes a tree through a pipe, as kubectl cp does',
      'mkdir -p /tmp/a/b /tmp/to && echo one > /tmp/a/b/f && ln -s f /tmp/a/b/l && tar cf - -C /tmp a | tar -xmf - -C /tmp/to && cat /tmp/to/a/b/f /tmp/to/a/b/l',
      'one\none\n',
    ],
    [
      'says that it takes the leading slash away',
      'mkdir -p /tmp/a && echo x > /tmp/a/f && tar cf /tmp/a.tar /tmp/a/f && tar tf /tmp/a.tar',
      'tmp/a/f\n',
      0,
      "tar: Removing leading `/' from member names\n",
    ],
    [
      'keeps names that are longer than a header holds',
      `n=$(printf 'x%.0s' $(seq 120)) && echo long > /tmp/$n && tar cf - -C /tmp $n | tar tf - | wc -c`,
      '121\n',
    ],
    ['refuses what is no archive', 'echo no | tar xf -', '', 2, 'tar: This does not look like a tar archive\n'],
    [
      'goes on when one of its operands is not there',
      'cd /tmp && echo x > f && tar cf all.tar nope f; echo $?; tar tf all.tar',
      '2\nf\n',
      0,
      'tar: nope: Cannot stat: No such file or directory\ntar: Exiting with failure status due to previous errors\n',
    ],
  ]);
});

describe('awk', () => {
  check([
    ['prints fields', "printf 'a b c\\nd e f\\n' | awk '{print $1, $3}'", 'a c\nd f\n'],
    ['leaves the header out with NR', "printf 'h\\nx 1\\ny 2\\n' | awk 'NR>1 {s += $2} END {print s, NR}'", '3 3\n'],
    ['splits at -F', "echo a:b:c | awk -F: '{print $2; print NF}'", 'b\n3\n'],
    ['matches records and fields', "printf 'web 3\\ndb 1\\n' | awk '/^w/ && $2 > 2 {print $1\"!\"}'", 'web!\n'],
    ['takes variables from outside', "echo 5 | awk -v n=3 '{print $1 * n, $1 - n, $1 % n, n ^ 2}'", '15 2 2 9\n'],
    ['counts in arrays', "printf 'a\\nb\\na\\n' | awk '{n[$1]++} END {for (k in n) print k, n[k]}' | sort", 'a 2\nb 1\n'],
    ['formats', `awk 'BEGIN {printf "%-5s|%5.2f|%03d|%x\\n", "ab", 3.14159, 7, 255}'`, 'ab   | 3.14|007|ff\n'],
    [
      'substitutes and measures',
      `echo hello | awk '{gsub(/l/, "[&]"); print; print length($0), toupper(substr($0, 1, 2)), index($0, "o")}'`,
      'he[l][l]o\n9 HE 9\n',
    ],
    [
      'splits into arrays',
      `awk 'BEGIN {n = split("a,b,c", parts, ","); print n, parts[3]; delete parts[1]; print (1 in parts), (2 in parts)}'`,
      '3 c\n0 1\n',
    ],
    [
      'loops and breaks',
      `awk 'BEGIN {for (i = 0; i < 9; i++) {if (i == 2) continue; if (i > 4) break; printf "%d ", i}; while (i-- > 3) ; do i++; while (i < 10); print i}'`,
      '0 1 3 4 10\n',
    ],
    ['calls functions of the program', `awk 'function f(n) { return n < 2 ? 1 : n * f(n - 1) } BEGIN {print f(5)}'`, '120\n'],
    ['prints ranges', "seq 5 | awk '/2/,/4/'", '2\n3\n4\n'],
    ['compares numbers of the input as numbers', "printf '10\\n9\\n' | awk '$1 > 9.5'", '10\n'],
    ['rebuilds the record', 'echo a b c | awk \'BEGIN {OFS="-"} {$2 = "x"; print; print NF}\'', 'a-x-c\n3\n'],
    ['writes to files', `awk 'BEGIN {print "x" > "out"; print "y" > "out"}'; cat out`, 'x\ny\n'],
    ['ends with the exit code', "awk 'BEGIN {exit 3}'", '', 3],
    ['tells a syntax error', "awk '{print'", '', 2, 'awk: syntax error at or near end of program\n'],
  ]);
});

describe('jq', () => {
  const pods = `'{"items":[{"metadata":{"name":"a","labels":{"app":"web"}},"n":2},{"metadata":{"name":"b"},"n":1}]}'`;
  check([
    [
      'prints a value with two blanks',
      `echo '{"a":[1,{"b":null}]}' | jq .`,
      '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ]\n}\n',
    ],
    ['follows paths', `echo ${pods} | jq -r '.items[].metadata.name'`, 'a\nb\n'],
    ['selects and maps', `echo ${pods} | jq -c '.items | map(select(.n > 1) | .metadata.name)'`, '["a"]\n'],
    ['gives null for what is not there', `echo ${pods} | jq -c '[.items[].metadata.labels.app]'`, '["web",null]\n'],
    ['has an alternative', `echo ${pods} | jq -r '.items[] | .metadata.labels.app // "none"'`, 'web\nnone\n'],
    ['builds objects', `echo ${pods} | jq -c '.items[0] | {name: .metadata.name, n, "x y": (.n + 1)}'`, '{"name":"a","n":2,"x y":3}\n'],
    ['interpolates', `echo ${pods} | jq -r '.items[] | "\\(.metadata.name)=\\(.n * 2)"'`, 'a=4\nb=2\n'],
    [
      'sorts, groups and measures',
      `echo ${pods} | jq -c '[.items | sort_by(.n)[] | .n], (.items | length), (.items[0] | keys)'`,
      '[1,2]\n2\n["metadata","n"]\n',
    ],
    ['decodes', `echo '{"data":{"p":"aGk="}}' | jq -r '.data.p | @base64d'`, 'hi\n'],
    ['makes tables', `echo ${pods} | jq -r '.items[] | [.metadata.name, .n] | @tsv'`, 'a\t2\nb\t1\n'],
    [
      'has entries',
      `echo '{"a":1,"b":2}' | jq -c 'to_entries, with_entries(.value += 1)'`,
      '[{"key":"a","value":1},{"key":"b","value":2}]\n{"a":2,"b":3}\n',
    ],
    ['updates', `echo '{"a":{"b":1},"c":2}' | jq -c '.a.b |= . + 1 | del(.c) | .d = "x"'`, '{"a":{"b":2},"d":"x"}\n'],
    [
      'tests and replaces',
      `echo '"web-12"' | jq -c 'test("^web"), sub("-\\\\d+"; ""), (capture("(?<n>\\\\d+)") | .n)'`,
      'true\n"web"\n"12"\n',
    ],
    [
      'reduces and recurses',
      `echo '[1,[2,3]]' | jq -c 'reduce .[] as $x (0; . + ($x | if type == "array" then add else . end)), [.. | numbers]'`,
      '6\n[1,2,3]\n',
    ],
    ['takes arguments', `jq -n -r --arg n x --argjson v '{"a":1}' '"\\($n) \\($v.a)"'`, 'x 1\n'],
    ['slurps and sorts keys', `echo '{"b":1,"a":2} 3' | jq -c -s -S .`, '[{"a":2,"b":1},3]\n'],
    ['tells by exit code whether it holds', `echo '{"a":false}' | jq -e .a`, 'false\n', 1],
    ['catches errors', `echo '[1]' | jq -c '[.[] | try error("x") catch .], (.a? // "none")'`, '["x"]\n"none"\n'],
    ['tells what went wrong', `echo '{"a":1}' | jq '.a.b'`, '', 5, 'jq: error (at <stdin>:0): Cannot index number with "b"\n'],
    ['limits and ranges', `jq -n -c '[limit(2; range(5))], [range(0; 6; 2)], (["a","b"] | join("-"))'`, '[0,1]\n[0,2,4]\n"a-b"\n'],
  ]);
});

describe('diff', () => {
  check([
    ['says nothing of equal files', 'echo a > x; echo a > y; diff x y', ''],
    ['prints changes', "printf 'a\\nb\\nc\\n' > x; printf 'a\\nB\\nc\\nd\\n' > y; diff x y", '2c2\n< b\n---\n> B\n3a4\n> d\n', 1],
    [
      'prints the unified form with labels',
      "seq 9 > x; seq 9 | sed 's/5/five/' > y; diff -u --label old --label new x y",
      '--- old\n+++ new\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n',
      1,
    ],
    [
      'cuts far changes into hunks',
      "seq 20 > x; seq 20 | sed '1d;20d' > y; diff -U0 --label a --label b x y",
      '--- a\n+++ b\n@@ -1 +0,0 @@\n-1\n@@ -20 +18,0 @@\n-20\n',
      1,
    ],
    [
      'compares directories',
      'mkdir p q; echo 1 > p/f; echo 2 > q/f; echo 3 > q/g; diff -q p q',
      'Files p/f and q/f differ\nOnly in q: g\n',
      1,
    ],
    ['has trouble with what is not there', 'echo a > x; diff x nope', '', 2, 'diff: nope: No such file or directory\n'],
  ]);
});

describe('expr', () => {
  check([
    ['computes', 'expr 1 + 2 \\* 3', '7\n'],
    ['compares', 'expr 3 \\> 10', '0\n', 1],
    ['matches', "expr web-12 : 'web-\\([0-9]*\\)'", '12\n'],
    ['measures', 'expr length hello', '5\n'],
    ['refuses', 'expr a + 1', '', 2, 'expr: non-integer argument\n'],
  ]);
});
