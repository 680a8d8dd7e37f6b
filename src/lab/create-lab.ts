/**
 * Makes a lab over a data centre: plans the machines of a spec, switches them on, keeps what must outlive a reload, and offers the
 * public contract. It decides nothing about Kubernetes; it is the hand on the power switches.
 */
import type { management, workstation } from '#contracts';
import { addMachine, removeMachine, type Hands } from './add-and-remove.ts';
import { noticesOf, planMachines, whySpecInvalid, type PlannedMachine } from './cluster-spec.ts';
import { createConnections } from './connections.ts';
import { createEvents, tellWork, type Events } from './events.ts';
import type { ClusterSpec, Lab, MachineInfo } from './lab.ts';
import { completeSpec, freshWallMs, InvalidSpecError, type LabOptions } from './lab-options.ts';
import type { StoredLab } from './lab-store.ts';
import { createRoster, type Roster } from './roster.ts';
import { createTerminals } from './terminals.ts';
import { survives, type TopologyFacts } from './topology.ts';

type Machine = management.MachineManagement & Partial<workstation.WorkstationManagement>;

/** How long the wall clock may run ahead of what is stored; at the next opening it goes on from at least there. */
const SAVE_WALL_EVERY_MS = 5_000;

class RunningLab implements Lab {
  readonly version: string;
  readonly cluster: string;
  #stored: StoredLab;
  #plan: PlannedMachine[];
  #ready: Promise<void> = Promise.reject(new Error('the lab has not booted'));
  /** Raised by each boot of a whole cluster, so that what an earlier one still reports is dropped. */
  #generation = 0;
  #rate: number;
  #isHurrying = false;
  /** Wall clock at the keeper's lab time 0. */
  #wallBaseMs: number;
  #saving: Promise<void> = Promise.resolve();
  readonly #running = new Map<string, Machine>();
  readonly #options: LabOptions;
  readonly #events: Events;
  readonly #roster: Roster;
  readonly #terminals = createTerminals(() => this.#workstation());

  constructor(options: LabOptions, stored: StoredLab) {
    this.#options = options;
    this.version = options.version;
    this.cluster = options.cluster;
    this.#stored = stored;
    this.#plan = [...(stored.plan ?? planMachines(stored.spec))];
    this.#rate = options.paused ? 0 : (options.rate ?? 1);
    this.#wallBaseMs = Math.max(stored.lastWallMs, freshWallMs(options));
    this.#events = createEvents();
    this.#roster = createRoster((machine) => this.#events.emit('machine', machine));
    // Told by whoever boots; until then nobody asks.
    this.#ready.catch(() => undefined);
    this.fetch = options.fetchThrough(() => this.#workstation());
    this.#listen();
  }

  #listen(): void {
    const { dataCentre } = this.#options;
    dataCentre.onTelemetry((batch) => {
      if (this.#stored.machines[batch.machine]?.incarnation !== batch.incarnation) return;
      for (const raft of this.#roster.take(batch)) this.#events.emit('raft', raft);
      tellWork(this.#events, batch, this.#wallBaseMs, this.#plan);
    });
    dataCentre.onTrouble(({ machine, message }) => this.#events.emit('error', { machine, message }));
    dataCentre.onDied((name, reason) => {
      this.#running.delete(name);
      this.#roster.setState(name, 'down');
      this.#events.emit('error', { machine: name, message: reason });
    });
    dataCentre.time.onStatus((status) => {
      this.#events.emit('time', { ...status, wallMs: this.#wallBaseMs + status.labMs });
      if (this.#wallBaseMs + status.labMs > this.#stored.lastWallMs + SAVE_WALL_EVERY_MS) void this.#save({});
    });
  }

  #workstation(): workstation.WorkstationManagement {
    const machine = this.#running.get('workstation');
    if (!machine) throw new Error('the workstation is switched off');
    return machine as workstation.WorkstationManagement;
  }

  #save(change: Partial<StoredLab>): Promise<void> {
    this.#stored = { ...this.#stored, ...change, lastWallMs: Math.max(this.#stored.lastWallMs, Math.ceil(this.time.now)) };
    const { store } = this.#options;
    const kept = this.#stored;
    const saved = this.#saving.then(
      () => store.save(kept),
      () => store.save(kept),
    );
    this.#saving = saved;
    saved.catch((error: unknown) =>
      this.#events.emit('error', {
        message: `the state of the data centre could not be stored: ${error instanceof Error ? error.message : String(error)}`,
      }),
    );
    return saved;
  }

  /** Switches on every machine that was on, and sees the cluster become ready. */
  boot(): void {
    const generation = ++this.#generation;
    this.#roster.plan(this.#plan, (name) => this.#stored.machines[name]?.power ?? 'on');
    for (const notice of noticesOf(this.#stored.spec)) this.#events.emit('notice', { message: notice });
    this.#ready = this.#bootAll(generation);
    this.#ready.catch((error: unknown) => {
      if (generation === this.#generation) this.#events.emit('error', { message: error instanceof Error ? error.message : String(error) });
    });
  }

  async #bootAll(generation: number): Promise<void> {
    const on = this.#plan.filter((planned) => (this.#stored.machines[planned.name]?.power ?? 'on') === 'on');
    await this.#setHurry(this.#rate > 0);
    const bootedWallMs = this.time.now;
    await this.#powerOn(...on);
    if (generation !== this.#generation) throw new Error('another cluster was begun');
    this.#demandQuorum(on);
    await this.#options.dataCentre.time.setRate(this.#rate);
    const workstation = this.#workstation();
    const expected = on.filter(({ role }) => role === 'control-plane' || role === 'worker').map(({ name }) => name);
    try {
      await workstation.awaitReady({
        nodes: expected,
        sinceWallMs: bootedWallMs,
        hasControlPlane: on.some(({ role }) => role === 'control-plane'),
      });
    } finally {
      if (generation === this.#generation) await this.#setHurry(false);
    }
  }

  /** Without a quorum the cluster cannot become ready, and time must not rush on for nothing. */
  #demandQuorum(on: readonly PlannedMachine[]): void {
    const { etcdMembers, quorum } = this.topology;
    const present = on.filter(({ role }) => role === (this.#stored.spec.topology === 'stacked' ? 'control-plane' : 'etcd')).length;
    if (present >= quorum) return;
    void this.#setHurry(false);
    throw new Error(`no quorum: ${present} of ${etcdMembers} etcd members are switched on, ${quorum} are needed`);
  }

  async #setHurry(hurry: boolean): Promise<void> {
    if (hurry === this.#isHurrying) return;
    this.#isHurrying = hurry;
    await this.#options.dataCentre.time.setHurry(hurry);
  }

  /** Switches machines on, each in a new life that is stored first: in one write, so that the last one need not wait for all others'. */
  async #powerOn(...planned: readonly PlannedMachine[]): Promise<void> {
    const incarnationOf = (name: string): number => this.#stored.machines[name]?.incarnation ?? 0;
    const lives = planned.map(({ name }) => [name, { power: 'on', incarnation: incarnationOf(name) + 1 }] as const);
    await this.#save({ machines: { ...this.#stored.machines, ...Object.fromEntries(lives) } });
    await Promise.all(planned.map((machine) => this.#start(machine, incarnationOf(machine.name))));
    await this.#applyLinks();
  }

  async #start(planned: PlannedMachine, incarnation: number): Promise<void> {
    const { dataCentre, cluster, storage, assets = {} } = this.#options;
    const { name, role, address, zone } = planned;
    this.#roster.setState(name, 'booting');
    const management = await dataCentre.powerOn({
      cluster,
      machine: name,
      role,
      address,
      zone,
      seed: `${this.#stored.spec.seed}`,
      incarnation,
      wallMs: this.time.now,
      storage,
      provisioning: this.#provisioning(),
      assets,
    });
    const disk = this.#stored.disks?.[name];
    if (disk) await management.diskFault(disk);
    this.#running.set(name, management as Machine);
    this.#roster.setState(name, 'running');
  }

  #provisioning(): Readonly<Record<string, unknown>> {
    const { spec, createdWallMs } = this.#stored;
    return { spec, machines: this.#plan, createdWallMs };
  }

  /** Stores the plan and tells every machine that is on. */
  async #replan(plan: PlannedMachine[], change: Partial<StoredLab> = {}): Promise<void> {
    this.#plan = plan;
    await this.#save({ plan, ...change });
    await Promise.all([...this.#running.values()].map((machine) => machine.planChanged(this.#provisioning())));
  }

  #planned(name: string): PlannedMachine {
    const planned = this.#plan.find((candidate) => candidate.name === name);
    if (!planned) throw new Error(`no machine "${name}"; there are ${this.#plan.map((candidate) => candidate.name).join(', ')}`);
    return planned;
  }

  #on(name: string): Machine {
    this.#planned(name);
    const machine = this.#running.get(name);
    if (!machine) throw new Error(`${name} is switched off`);
    return machine;
  }

  async #signal(name: string, component: string | undefined, signal: 'KILL' | 'STOP' | 'CONT' | 'TERM' | 'START'): Promise<void> {
    const found = await this.#on(name).signal(component, signal);
    if (!found) throw new Error(`no component "${component}" runs on ${name}`);
    if (component === undefined) this.#roster.setState(name, signal === 'STOP' ? 'frozen' : 'running');
  }

  async #applyLinks(): Promise<void> {
    const faults = Object.entries(this.#stored.links);
    await Promise.all(
      faults.map(([link, fault]) => {
        const [from = '', to = ''] = link.split('>');
        return this.#running.get(to)?.linkFault(this.#planned(from).address, fault);
      }),
    );
  }

  async #setLinks(links: Readonly<Record<string, management.LinkFault>>): Promise<void> {
    const healed = Object.fromEntries(Object.keys(this.#stored.links).map((link) => [link, {}]));
    await this.#save({ links: { ...healed, ...links } });
    await this.#applyLinks();
    await this.#save({ links: Object.fromEntries(Object.entries(links).filter(([, fault]) => Object.keys(fault).length > 0)) });
    this.#events.emit('faults', this.faults.list());
  }

  /** What adding and removing machines works with. */
  #hands(): Hands {
    return {
      plan: this.#plan,
      stored: this.#stored,
      roster: this.#roster,
      events: this.#events,
      run: (line) => this.#terminals.run(line, { session: 'lab' }),
      replan: (plan, change) => this.#replan(plan, change),
      powerOn: (planned) => this.#powerOn(planned),
      cutOff: (name) => {
        this.#options.dataCentre.powerOff(name);
        this.#running.delete(name);
      },
      wipe: (name) => this.#options.dataCentre.wipe(this.cluster, [name]),
      awaitNode: (name, sinceWallMs) => this.#workstation().awaitReady({ nodes: [name], sinceWallMs, hasControlPlane: true }),
      nowMs: () => this.time.now,
    };
  }

  get topology(): TopologyFacts {
    const count = (role: PlannedMachine['role']): number => this.#plan.filter((machine) => machine.role === role).length;
    return survives({ ...this.#stored.spec, controlPlanes: count('control-plane'), etcdMembers: count('etcd'), workers: count('worker') });
  }

  get spec(): ClusterSpec {
    return this.#stored.spec;
  }
  get ready(): Promise<void> {
    return this.#ready;
  }
  readonly run: Lab['run'] = (line, options) => this.#terminals.run(line, options);
  readonly terminal: Lab['terminal'] = (size, onOutput, onExit) => this.#terminals.open(size, onOutput, onExit);
  readonly fetch: Lab['fetch'];
  readonly connect: Lab['connect'] = createConnections(() => this.#workstation());
  readonly on: Lab['on'] = (type, listener) => this.#events.on(type, listener);
  readonly dial: Lab['dial'] = (machine, port) => {
    const { address } = this.#planned(machine);
    const workstation = this.#workstation();
    return Promise.resolve({ call: (method: string, request: unknown) => workstation.dialCall(address, port, method, request) });
  };

  readonly machines: Lab['machines'] = {
    list: () => Promise.resolve(this.#roster.list()),
    add: (machine) => addMachine(this.#hands(), machine),
    remove: (name) => removeMachine(this.#hands(), this.#planned(name)),
    skew: async (name, ms) => {
      if (!Number.isFinite(ms)) throw new RangeError(`a clock is set ahead by a number of milliseconds, not ${ms}`);
      await this.#on(name).clockSkew(ms);
    },
    powerOff: async (name) => {
      const { incarnation = 0 } = this.#stored.machines[this.#planned(name).name] ?? {};
      this.#options.dataCentre.powerOff(name);
      this.#running.delete(name);
      this.#roster.setState(name, 'off');
      await this.#save({ machines: { ...this.#stored.machines, [name]: { power: 'off', incarnation } } });
    },
    powerOn: async (name) => {
      const planned = this.#planned(name);
      if (this.#running.has(name)) throw new Error(`${name} is already on`);
      await this.#powerOn(planned);
    },
    kill: (name, component) => this.#signal(name, component, 'KILL'),
    stop: (name, component) => this.#signal(name, component, 'TERM'),
    start: (name, component) => this.#signal(name, component, 'START'),
    freeze: (name, component) => this.#signal(name, component, 'STOP'),
    thaw: (name, component) => this.#signal(name, component, 'CONT'),
    logs: async (name, component, tailLines = 100) => this.#on(name).logs(component, tailLines),
    counts: async (name) => this.#on(name).counts(),
  };

  readonly network: Lab['network'] = {
    partition: async (...groups) => {
      const links: Record<string, management.LinkFault> = { ...this.#stored.links };
      for (const [at, group] of groups.entries())
        for (const other of groups.slice(at + 1))
          for (const a of group)
            for (const b of other) {
              links[`${this.#planned(a).name}>${this.#planned(b).name}`] = { down: true };
              links[`${b}>${a}`] = { down: true };
            }
      await this.#setLinks(links);
    },
    link: (a, b, fault) => this.#setLinks({ ...this.#stored.links, [`${this.#planned(a).name}>${this.#planned(b).name}`]: fault }),
    heal: () => this.#setLinks({}),
  };

  readonly disk: Lab['disk'] = {
    fault: async (machine, fault) => {
      await this.#running.get(this.#planned(machine).name)?.diskFault(fault);
      const { [machine]: _healed, ...others } = this.#stored.disks ?? {};
      await this.#save({ disks: fault === 'none' ? others : { ...others, [machine]: fault } });
      this.#events.emit('faults', this.faults.list());
    },
  };

  readonly faults: Lab['faults'] = {
    list: () => [
      ...Object.entries(this.#stored.links).flatMap(([link, fault]) => {
        const [from = '', to = ''] = link.split('>');
        return Object.keys(fault).length > 0 ? [{ kind: 'link' as const, from, to, fault }] : [];
      }),
      ...Object.entries(this.#stored.disks ?? {}).map(([machine, fault]) => ({ kind: 'disk' as const, machine, fault })),
    ],
  };

  readonly time: Lab['time'] = ((lab: RunningLab) => ({
    get now() {
      return lab.#wallBaseMs + lab.#options.dataCentre.time.status().labMs;
    },
    get rate() {
      return lab.#rate;
    },
    get trueRate() {
      return lab.#options.dataCentre.time.status().trueRate;
    },
    async setRate(rate: number) {
      if (!(rate === 0 || (rate >= 0.05 && rate <= 60))) throw new RangeError(`the rate is 0 (paused) or from 0.05 to 60, not ${rate}`);
      lab.#rate = rate;
      await lab.#options.dataCentre.time.setRate(rate);
    },
    async step(ms: number) {
      if (!(ms > 0)) throw new RangeError(`a step is a positive number of milliseconds, not ${ms}`);
      await lab.#options.dataCentre.time.step(ms);
    },
  }))(this);

  async reset(spec: Partial<ClusterSpec> = {}): Promise<void> {
    const wanted = completeSpec(spec, this.#stored.spec);
    const wrong = whySpecInvalid(wanted);
    if (wrong.length > 0) throw new InvalidSpecError(wrong);
    const { dataCentre, cluster } = this.#options;
    this.#generation++;
    const old = this.#plan.map(({ name }) => name);
    for (const name of old) dataCentre.powerOff(name);
    this.#running.clear();
    await dataCentre.wipe(cluster, old);
    this.#plan = planMachines(wanted);
    // Nothing of the old cluster is left that could remember a later time.
    this.#wallBaseMs = freshWallMs(this.#options) - dataCentre.time.status().labMs;
    this.#stored = { ...this.#stored, lastWallMs: 0 };
    const createdWallMs = Math.ceil(this.time.now);
    // Lives go on counting, so that nothing of the old cluster is taken for the new one's.
    const machines = Object.fromEntries(
      Object.entries(this.#stored.machines).map(([name, { incarnation }]) => [name, { power: 'on' as const, incarnation }]),
    );
    await this.#save({ spec: wanted, createdWallMs, machines, links: {}, disks: {}, plan: this.#plan, removed: [] });
    this.#events.emit('cluster', wanted);
    this.#events.emit('faults', []);
    this.boot();
    await this.#ready;
  }

  close(): void {
    this.#generation++;
    this.#options.dataCentre.close();
    this.#running.clear();
  }
}

/** Opens the stored cluster of that name, or creates one. Resolves when its machines begin to boot; `lab.ready` tells when they are done. Rejects with InvalidSpecError. */
export async function createLab(options: LabOptions): Promise<Lab> {
  const spec = completeSpec(options.spec ?? {});
  const wrong = whySpecInvalid(spec);
  if (wrong.length > 0) throw new InvalidSpecError(wrong);
  const stored = await options.store.load();
  const createdWallMs = Math.ceil(freshWallMs(options));
  const lab = new RunningLab(options, stored ?? { format: 1, spec, createdWallMs, lastWallMs: createdWallMs, machines: {}, links: {} });
  lab.boot();
  return lab;
}

export type { MachineInfo };
