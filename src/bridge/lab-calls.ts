/** The methods of the lab that can be called from outside: those whose arguments and results are plain data. */
import type { Lab } from '#lab';

type Call = (lab: Lab, ...args: never[]) => unknown;

/** Runs a line; after `timeoutMs` it is interrupted as by Ctrl-C, and `isLate` says so. */
async function runLine(
  lab: Lab,
  line: string,
  { timeoutMs, ...options }: { stdin?: string; session?: string; timeoutMs?: number } = {},
): Promise<unknown> {
  if (timeoutMs === undefined) return lab.run(line, options);
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(), timeoutMs);
  try {
    const output = await lab.run(line, { ...options, signal: aborter.signal });
    return { ...output, isLate: aborter.signal.aborted };
  } finally {
    clearTimeout(timer);
  }
}

const calls: Readonly<Record<string, Call>> = {
  version: (lab) => lab.version,
  spec: (lab) => lab.spec,
  ready: (lab) => lab.ready,
  run: runLine,
  reset: (lab, spec?: Parameters<Lab['reset']>[0]) => lab.reset(spec),
  'machines.list': (lab) => lab.machines.list(),
  'machines.powerOff': (lab, name: string) => lab.machines.powerOff(name),
  'machines.powerOn': (lab, name: string) => lab.machines.powerOn(name),
  'machines.kill': (lab, name: string, component: string) => lab.machines.kill(name, component),
  'machines.stop': (lab, name: string, component: string) => lab.machines.stop(name, component),
  'machines.start': (lab, name: string, component: string) => lab.machines.start(name, component),
  'machines.freeze': (lab, name: string, component?: string) => lab.machines.freeze(name, component),
  'machines.thaw': (lab, name: string, component?: string) => lab.machines.thaw(name, component),
  'machines.logs': (lab, name: string, component: string, tailLines?: number) => lab.machines.logs(name, component, tailLines),
  'machines.counts': (lab, name: string) => lab.machines.counts(name),
  'network.partition': (lab, ...groups: string[][]) => lab.network.partition(...groups),
  'network.link': (lab, a: string, b: string, fault: Parameters<Lab['network']['link']>[2]) => lab.network.link(a, b, fault),
  'network.heal': (lab) => lab.network.heal(),
  'disk.fault': (lab, machine: string, fault: Parameters<Lab['disk']['fault']>[1]) => lab.disk.fault(machine, fault),
  'time.now': (lab) => lab.time.now,
  'time.rate': (lab) => lab.time.rate,
  'time.trueRate': (lab) => lab.time.trueRate,
  'time.setRate': (lab, rate: number) => lab.time.setRate(rate),
  'time.step': (lab, ms: number) => lab.time.step(ms),
};

/** Calls a method of the lab by name. Rejects with a sentence when there is none of that name, and with the method's own error. */
export async function callLab(lab: Lab, method: string, args: readonly unknown[]): Promise<unknown> {
  const call = Object.hasOwn(calls, method) ? calls[method] : undefined;
  if (!call)
    throw new Error(`the lab has no method "${method}" that can be called from outside; there are ${Object.keys(calls).join(', ')}`);
  return await call(lab, ...(args as never[]));
}
