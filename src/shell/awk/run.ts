/** Runs an awk program over records. */
import { callBuiltin, isBuiltin } from './builtins.ts';
import type { AwkState } from './state.ts';
import { AwkSyntaxError, type AwkProgram, type Expression, type Rule, type Statement } from './syntax.ts';
import { compareValues, numberOf, textOf, truthOf, type Value } from './values.ts';

/** What a program touches. */
export interface AwkWorld {
  write(text: string, redirect?: { mode: string; to: string }): Promise<void>;
  /** The next record of the input, or of a file; undefined at the end. */
  readRecord(separator: string, file?: string): Promise<string | undefined>;
  random(): number;
  nowSeconds(): number;
  /** Lets others run; called now and then. */
  yield(): Promise<void>;
}

type Jump = { readonly kind: 'next' | 'nextfile' | 'break' | 'continue' } | { readonly kind: 'exit' | 'return'; readonly value: Value };

const STATEMENTS_PER_TURN = 2_000;

/** One run. */
export class AwkRun {
  private statements = 0;
  private readonly inRange = new Set<Rule>();

  constructor(
    private readonly program: AwkProgram,
    readonly state: AwkState,
    readonly world: AwkWorld,
  ) {}

  /** Runs BEGIN rules, the records, END rules; gives the exit code. */
  async run(): Promise<number> {
    const { rules } = this.program;
    const of = (kind: Rule['kind']): Rule[] => rules.filter((rule) => rule.kind === kind);
    let code: number | undefined;
    for (const rule of of('BEGIN')) {
      const jump = await this.execute(rule.action!);
      if (jump?.kind === 'exit') code ??= numberOf(jump.value);
      if (jump) break;
    }
    const others = rules.filter(({ kind }) => kind !== 'BEGIN' && kind !== 'END');
    if (code === undefined && (others.length > 0 || of('END').length > 0)) code = await this.records(others);
    for (const rule of of('END')) {
      const jump = await this.execute(rule.action!);
      if (jump?.kind === 'exit') return numberOf(jump.value) || code || 0;
    }
    return code ?? 0;
  }

  private async records(rules: readonly Rule[]): Promise<number | undefined> {
    while (await this.readRecord()) {
      for (const rule of rules) {
        if (!(await this.matches(rule))) continue;
        const jump = rule.action ? await this.execute(rule.action) : await this.world.write(`${textOf(this.state.field(0))}\n`);
        if (!jump) continue;
        if (jump.kind === 'exit') return numberOf(jump.value);
        break;
      }
    }
    return undefined;
  }

  private async readRecord(): Promise<boolean> {
    const record = await this.world.readRecord(textOf(this.state.get('RS')));
    if (record === undefined) return false;
    this.state.set('NR', numberOf(this.state.get('NR')) + 1);
    this.state.set('FNR', numberOf(this.state.get('FNR')) + 1);
    this.state.setRecord(record);
    return true;
  }

  private async matches(rule: Rule): Promise<boolean> {
    if (rule.kind === 'always') return true;
    if (rule.kind === 'when') return truthOf(await this.value(rule.from!));
    if (!this.inRange.has(rule) && !truthOf(await this.value(rule.from!))) return false;
    this.inRange.add(rule);
    if (truthOf(await this.value(rule.to!))) this.inRange.delete(rule);
    return true;
  }

  private async execute(statement: Statement): Promise<Jump | undefined> {
    if (++this.statements % STATEMENTS_PER_TURN === 0) await this.world.yield();
    switch (statement.type) {
      case 'expression':
        await this.value(statement.value);
        return undefined;
      case 'print':
      case 'printf':
        return this.print(statement);
      case 'block':
        for (const one of statement.statements) {
          const jump = await this.execute(one);
          if (jump) return jump;
        }
        return undefined;
      case 'if':
        if (truthOf(await this.value(statement.condition))) return this.execute(statement.then);
        return statement.otherwise ? this.execute(statement.otherwise) : undefined;
      case 'delete':
        if (!statement.keys) this.state.array(statement.name).clear();
        else this.state.array(statement.name).delete(await this.key(statement.keys));
        return undefined;
      case 'exit':
      case 'return':
        return { kind: statement.type, value: statement.value ? await this.value(statement.value) : undefined };
      case 'while':
      case 'do':
      case 'for':
      case 'forIn':
        return this.loop(statement);
      default:
        return { kind: statement.type };
    }
  }

  /** What a loop's body says: a jump that leaves the loop with it, `stop` for break. */
  private async body(statement: Statement): Promise<Jump | 'stop' | undefined> {
    const jump = await this.execute(statement);
    if (jump?.kind === 'break') return 'stop';
    return jump?.kind === 'continue' ? undefined : jump;
  }

  private async loop(statement: Statement & { type: 'while' | 'do' | 'for' | 'forIn' }): Promise<Jump | undefined> {
    if (statement.type === 'forIn') {
      for (const key of [...this.state.array(statement.array).keys()]) {
        this.state.set(statement.name, this.state.inputText(key));
        const jump = await this.body(statement.body);
        if (jump) return jump === 'stop' ? undefined : jump;
      }
      return undefined;
    }
    if (statement.type === 'for' && statement.first) await this.execute(statement.first);
    for (let round = 0; ; round++) {
      const isTested = statement.type !== 'do' || round > 0;
      if (isTested && statement.condition && !truthOf(await this.value(statement.condition))) return undefined;
      const jump = await this.body(statement.body);
      if (jump) return jump === 'stop' ? undefined : jump;
      if (statement.type === 'for' && statement.step) await this.execute(statement.step);
    }
  }

  private async print({ type, args, redirect }: Statement & { type: 'print' | 'printf' }): Promise<undefined> {
    const values: Value[] = [];
    for (const arg of args) values.push(await this.value(arg));
    const text =
      type === 'printf'
        ? this.state.sprintf(textOf(values[0]), values.slice(1))
        : (values.length ? values : [this.state.field(0)]).map(textOf).join(textOf(this.state.get('OFS'))) + textOf(this.state.get('ORS'));
    await this.world.write(text, redirect ? { mode: redirect.mode, to: textOf(await this.value(redirect.to)) } : undefined);
  }

  /** The subscript of an array element; several are joined by SUBSEP. */
  async key(keys: readonly Expression[]): Promise<string> {
    const parts: string[] = [];
    for (const one of keys) parts.push(textOf(await this.value(one)));
    return parts.join(textOf(this.state.get('SUBSEP')));
  }

  /** Sets a variable, field or element. */
  async assign(target: Expression, value: Value): Promise<void> {
    if (target.type === 'variable') this.state.set(target.name, value);
    else if (target.type === 'field') this.state.setField(numberOf(await this.value(target.index)), textOf(value));
    else if (target.type === 'element') this.state.array(target.name).set(await this.key(target.keys), value);
    else throw new AwkSyntaxError('assignment to something that is no variable');
  }

  /** The value of an expression. */
  async value(expression: Expression): Promise<Value> {
    const { state } = this;
    switch (expression.type) {
      case 'number':
      case 'string':
        return expression.value;
      case 'regex':
        return Number(state.regExp(expression.source).test(textOf(state.field(0))));
      case 'variable':
        return state.get(expression.name);
      case 'field':
        return state.field(numberOf(await this.value(expression.index)));
      case 'element': {
        const array = state.array(expression.name);
        const key = await this.key(expression.keys);
        if (!array.has(key)) array.set(key, undefined);
        return array.get(key);
      }
      case 'in':
        return Number(state.array(expression.name).has(await this.key(expression.keys)));
      case 'choice':
        return this.value(truthOf(await this.value(expression.condition)) ? expression.then : expression.otherwise);
      case 'unary':
        return this.unary(expression.operator, await this.value(expression.body));
      case 'binary':
        return this.binary(expression);
      case 'call':
        return this.call(expression.name, expression.args);
      case 'getline':
        return this.getline(expression);
      default:
        return this.change(expression);
    }
  }

  private unary(operator: string, value: Value): Value {
    if (operator === '!') return Number(!truthOf(value));
    if (operator === '()') return value;
    return operator === '-' ? -numberOf(value) : numberOf(value);
  }

  private async change(expression: Expression & { type: 'assign' | 'step' }): Promise<Value> {
    if (expression.type === 'step') {
      const old = numberOf(await this.value(expression.target));
      await this.assign(expression.target, old + expression.by);
      return expression.before ? old + expression.by : old;
    }
    const operand = await this.value(expression.value);
    const value =
      expression.operator === '='
        ? operand
        : this.arithmetic(expression.operator[0]!, numberOf(await this.value(expression.target)), numberOf(operand));
    await this.assign(expression.target, value);
    return value;
  }

  private arithmetic(operator: string, a: number, b: number): number {
    if ((operator === '/' || operator === '%') && b === 0)
      throw new AwkSyntaxError(operator === '/' ? 'division by zero' : 'division by zero in %');
    const results: Readonly<Record<string, () => number>> = {
      '+': () => a + b,
      '-': () => a - b,
      '*': () => a * b,
      '/': () => a / b,
      '%': () => a % b,
      '^': () => a ** b,
    };
    return results[operator]!();
  }

  private async binary({ operator, left, right }: Expression & { type: 'binary' }): Promise<Value> {
    if (operator === '&&') return Number(truthOf(await this.value(left)) && truthOf(await this.value(right)));
    if (operator === '||') return Number(truthOf(await this.value(left)) || truthOf(await this.value(right)));
    const a = await this.value(left);
    if (operator === '~' || operator === '!~') {
      const found = (await this.pattern(right)).test(textOf(a));
      return Number(found === (operator === '~'));
    }
    const b = await this.value(right);
    if (operator === ' ') return textOf(a) + textOf(b);
    if (!/[<>=]/.test(operator)) return this.arithmetic(operator, numberOf(a), numberOf(b));
    const order = compareValues(a, b);
    const holds: Readonly<Record<string, boolean>> = {
      '<': order < 0,
      '<=': order <= 0,
      '==': order === 0,
      '!=': order !== 0,
      '>': order > 0,
      '>=': order >= 0,
    };
    return Number(holds[operator]);
  }

  /** The regular expression an operand means: itself, or the text of its value. */
  async pattern(expression: Expression): Promise<RegExp> {
    return this.state.regExp(expression.type === 'regex' ? expression.source : textOf(await this.value(expression)));
  }

  private async call(name: string, args: readonly Expression[]): Promise<Value> {
    const known = this.program.functions.get(name);
    if (!known) {
      if (!isBuiltin(name)) throw new AwkSyntaxError(`function ${name} not defined`);
      return callBuiltin(this, name, args);
    }
    const frame = new Map<string, Value | Map<string, Value>>();
    for (const [at, parameter] of known.parameters.entries()) {
      const arg = args[at];
      // A bare name that is an array (or nothing yet) is handed over by reference.
      const array = arg?.type === 'variable' ? this.state.arrayOf(arg.name) : undefined;
      frame.set(parameter, array ?? (arg ? await this.value(arg) : undefined));
    }
    this.state.enter(frame);
    const jump = await this.execute(known.body);
    this.state.leave();
    return jump && 'value' in jump ? jump.value : undefined;
  }

  private async getline({ target, file }: Expression & { type: 'getline' }): Promise<Value> {
    const name = file ? textOf(await this.value(file)) : undefined;
    const record = await this.world.readRecord(textOf(this.state.get('RS')), name);
    if (record === undefined) return 0;
    if (target) await this.assign(target, this.state.inputText(record));
    else this.state.setRecord(record);
    if (name === undefined) this.state.set('NR', numberOf(this.state.get('NR')) + 1);
    return 1;
  }
}
