/** The shell language: pipes, redirections, expansions, control structures, bash's error texts and exit codes. */
import { beforeEach, describe, expect, it } from 'vitest';
import { createWorkbench, type Workbench } from './workbench.ts';

let bench: Workbench;
beforeEach(async () => {
  bench = await createWorkbench();
});

const cases: readonly (readonly [title: string, line: string, stdout: string, code?: number, stderr?: string])[] = [
  ['pipes one program into another', 'echo a | grep a', 'a\n'],
  ['gives the status of the last stage', 'echo a | grep b', '', 1],
  ['takes the failing stage with pipefail', 'set -o pipefail; false | true', '', 1],
  ['splits unquoted variables and keeps quoted ones', 'x="a  b"; echo $x "$x"', 'a b a  b\n'],
  ['writes, appends and reads files', 'echo one > f; echo two >> f; cat < f', 'one\ntwo\n'],
  ['sends stderr where stdout goes', 'cat nothing 2>&1 | grep -c "No such file"', '1\n'],
  ['discards with &>', 'cat nothing &> /dev/null; echo $?', '1\n'],
  ['expands here-documents', 'x=1\ncat <<EOF\n$x $((x+1)) `echo c`\nEOF', '1 2 c\n'],
  ['keeps quoted here-documents', "cat <<'EOF'\n$x\nEOF", '$x\n'],
  ['strips tabs with <<-', 'cat <<-EOF\n\thi $((1))\n\tEOF', 'hi 1\n'],
  ['reads here-strings', 'cat <<< "a b"', 'a b\n'],
  ['substitutes commands', 'echo "[$(echo a; echo b)]" `echo c`', '[a\nb] c\n'],
  ['uses defaults', 'echo ${a:-x} ${b:=y} $b ${b:+z} ${b-q}', 'x y y z y\n'],
  ['tells of a missing parameter', 'echo ${nope:?is needed}; echo after', '', 127, 'bash: nope: is needed\n'],
  ['removes prefixes and suffixes', 'f=a/b/c.tar.gz; echo ${f##*/} ${f#*/} ${f%.*} ${f%%.*}', 'c.tar.gz b/c.tar.gz a/b/c.tar a/b/c\n'],
  [
    'replaces, slices and changes case',
    'v=hello; echo ${v/l/L} ${v//l/L} ${v:1:3} ${v: -2} ${v^} ${v^^} ${#v}',
    'heLlo heLLo ell lo Hello HELLO 5\n',
  ],
  ['computes', 'i=3; echo $((i++ * 2)) $i $((2**10)) $((7/2)) $((7%4)) $((i>2?1:0)) $((0x1f))', '6 4 1024 3 3 1 31\n'],
  ['refuses division by zero', 'echo $((1/0))', '', 1, 'bash: 1/0: division by 0 (error token is "0")\n'],
  ['expands braces', 'echo {a,b}{1..3} pre{x,y}post {01..03} {c..a}', 'a1 a2 a3 b1 b2 b3 prexpost preypost 01 02 03 c b a\n'],
  [
    'expands pathnames, sorted',
    'touch2() { for f in "$@"; do echo > $f; done; }; touch2 b.txt a.txt .h c.md; echo *.txt; echo [bc]*; echo *.none',
    'a.txt b.txt\nb.txt c.md\n*.none\n',
  ],
  ['expands the tilde', 'echo ~ ~/x "~"', '/home/student /home/student/x ~\n'],
  ['runs if, elif, else', 'if false; then echo a; elif true; then echo b; else echo c; fi', 'b\n'],
  ['loops over words with break and continue', 'for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done', '1\n3\n'],
  ['loops while', 'i=0; while [ $i -lt 3 ]; do echo $i; i=$((i+1)); done', '0\n1\n2\n'],
  ['loops with (( ))', 'for ((i=0;i<3;i++)); do echo -n $i; done', '012'],
  ['reads lines in a loop', 'printf "a b\\nc d\\n" | while read x y; do echo "$y-$x"; done', 'b-a\nd-c\n'],
  ['matches case patterns', 'case foo.yaml in *.json) echo j;; *.y?ml|*.yml) echo y;; *) echo o;; esac', 'y\n'],
  ['tests with [[ ]]', '[[ abc == a* && abc =~ ^a(b)c$ && ! -f nothing ]] && echo yes ${BASH_REMATCH[1]}', 'yes b\n'],
  ['calls functions with locals', 'f() { local x=2; echo "$1 $# $x"; return 3; }; x=1; f a b; echo $? $x', 'a 2 2\n3 1\n'],
  ['keeps subshells apart', 'x=1; (x=2; cd /; echo $x); echo $x $PWD', '2\n1 /home/student\n'],
  ['groups commands with redirections', '{ echo a; echo b; } > f; cat f', 'a\nb\n'],
  ['handles "$@" and $*', 'set -- "a b" c; for i in "$@"; do echo "<$i>"; done; echo "$*" $#', '<a b>\n<c>\na b c 2\n'],
  ['knows arrays', 'a=(x "y z" w); echo ${a[1]} ${#a[@]} ${a[@]:1:1} ${!a[@]}; a+=(q); echo ${a[-1]}', 'y z 3 y z 0 1 2\nq\n'],
  ['tells an unknown command', 'foo', '', 127, 'bash: foo: command not found\n'],
  ['tells a missing file', 'cat < nothing', '', 1, 'bash: nothing: No such file or directory\n'],
  ['tells a directory that is run', 'mkdir2=1; /tmp', '', 126, 'bash: /tmp: Is a directory\n'],
  ['tells unbound variables with -u', 'set -u; echo $nothing; echo after', '', 1, 'bash: nothing: unbound variable\n'],
  ['negates', '! true; echo $?; ! false; echo $?', '1\n0\n'],
  ['joins with && and ||', 'false && echo a || echo b; true || echo c', 'b\n'],
  ['sets the environment of one command', 'A=1 sh -c "echo $A-\\$A"; echo "[$A]"', '-1\n[]\n'],
  ['evaluates', 'x="echo hi"; eval "$x there"', 'hi there\n'],
  ['traces with -x', 'set -x; echo "a b"', 'a b\n', 0, "+ echo 'a b'\n"],
  [
    'prints with printf',
    'printf "%-5s|%03d|%.2f|%x|%s\\n" ab 7 3.14159 255 "c d" && printf "%s\\n" 1 2 3',
    'ab   |007|3.14|ff|c d\n1\n2\n3\n',
  ],
  ['reads escapes in echo -e', "echo -e 'a\\tb\\x41'", 'a\tbA\n'],
  ['compares process substitutions', 'cat <(echo a) <(echo b)', 'a\nb\n'],
  [
    'tells what a name is',
    'type cd cat; f() { :; }; type -t f if cat; command -v cat',
    'cd is a shell builtin\ncat is /usr/bin/cat\nfunction\nkeyword\nfile\n/usr/bin/cat\n',
  ],
  [
    'reads options with getopts',
    'set -- -a -b v x; while getopts ab: o; do echo $o $OPTARG; done; shift $((OPTIND-1)); echo $1',
    'a\nb v\nx\n',
  ],
  ['ends at set -e', 'sh -c "set -e; false; echo no"; echo $?', '1\n'],
  ['does not end at a tested failure under set -e', 'sh -c "set -e; if false; then :; fi; false || true; echo ok"', 'ok\n'],
  ['runs the EXIT trap', 'sh -c "trap \'echo bye\' EXIT; echo hi"', 'hi\nbye\n'],
  ['gives the exit code of a script', 'sh -c "exit 7"', '', 7],
  ['waits for background jobs', 'sleep 5 & wait; echo done', 'done\n'],
  ['reports the status of a background job', 'sh -c "exit 3" & wait $!; echo $?', '3\n'],
  ['kills a background job', 'sleep 1000 & kill %1; wait %1; echo $?', '143\n'],
  ['ends an endless writer when its reader is gone', 'yes | grep -m 2 y', 'y\ny\n'],
];

describe('a line', () => {
  const expected = cases.map(([title, line, stdout, code = 0, stderr = '']) => ({ title, line, stdout, code, stderr }));
  it.each(expected)('$title', async ({ line, stdout, code, stderr }) => {
    expect(await bench.run(line)).toEqual({ stdout, stderr, code });
  });

  it('can be given standard input', async () => {
    expect((await bench.run('cat -n', { stdin: 'x\ny\n' })).stdout).toBe('     1\tx\n     2\ty\n');
  });

  it('leaves directory, variables, functions and aliases to the next line', async () => {
    await bench.run('cd /tmp; x=5; f() { echo "f$1"; }; alias e="echo E"');
    expect((await bench.run('pwd; echo $x; f 1; e; e | cat')).stdout).toBe('/tmp\n5\nf1\nE\nE\n');
  });

  it('is interrupted by its signal with 130 and keeps its output so far', async () => {
    const control = new AbortController();
    const line = bench.begin('echo before; sleep 1000; echo after', { signal: control.signal });
    await bench.machine.advanceTo(bench.machine.timers.nowMs);
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    control.abort();
    expect(await bench.drive(line)).toEqual({ stdout: 'before\n', stderr: '', code: 130 });
    expect(bench.machine.kernel.processes().map(({ name }) => name)).toEqual(['bash']);
  });

  it('interrupts a loop of builtins', async () => {
    const control = new AbortController();
    const line = bench.begin('while true; do :; done', { signal: control.signal });
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    control.abort();
    expect((await bench.drive(line)).code).toBe(130);
  });
});
