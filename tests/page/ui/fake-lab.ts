/** A lab of pretence behind the public contract, for looking at the page without a cluster: everything it shows is made up here. */
import {
  survives,
  type ClusterSpec,
  type ComponentInfo,
  type Lab,
  type LabEvents,
  type LabFault,
  type MachineInfo,
  type MachineRole,
} from '#lab';

/** How the pretended lab begins. */
export interface FakeOptions {
  readonly spec: ClusterSpec;
  /** never: `ready` stays open; failed: it rejects. */
  readonly ready?: 'at once' | 'never' | 'failed';
  /** Machines without power, and components in a state of their own (`machine/component`). */
  readonly off?: readonly string[];
  readonly states?: Readonly<Record<string, string>>;
}

type Listeners = { [E in keyof LabEvents]: Set<(event: LabEvents[E]) => void> };

const startMs = Date.UTC(2026, 0, 5, 10, 41, 7);

function componentsOf(role: MachineRole, index: number, spec: ClusterSpec): ComponentInfo[] {
  const running = (name: string, more: Partial<ComponentInfo> = {}): ComponentInfo => ({ name, state: 'running', ...more });
  const etcd = (): ComponentInfo =>
    running('etcd', {
      leader: index === 1,
      facts: { memberId: `${8 + index}e9e05c52164694d` },
      raft: { role: index === 1 ? 'leader' : 'follower', term: 4, commit: 1208, applied: index === 1 ? 1208 : 1207 },
    });
  const agents = [running('kubelet'), running('containerd')];
  if (role === 'load-balancer') return [running('load-balancer')];
  if (role === 'workstation') return [];
  if (role === 'worker') return agents;
  if (role === 'etcd') return [etcd(), ...agents];
  const plane = [
    running('kube-apiserver', { facts: { watches: 41 } }),
    running('kube-scheduler', { leader: index === 0 }),
    running('kube-controller-manager', { leader: index === spec.controlPlanes - 1 }),
  ];
  return spec.topology === 'stacked' ? [...plane, etcd(), ...agents] : [...plane, ...agents];
}

function machinesOf({ spec, off = [], states = {} }: FakeOptions): MachineInfo[] {
  const make = (name: string, role: MachineRole, address: string, index: number): MachineInfo => ({
    name,
    roles: [role],
    power: off.includes(name) ? 'off' : 'on',
    state: off.includes(name) ? 'off' : 'running',
    address,
    zone: `zone-${'abcde'[index % spec.zones]}`,
    components: off.includes(name)
      ? []
      : componentsOf(role, index, spec).map((component) => ({
          ...component,
          state: states[`${name}/${component.name}`] ?? component.state,
        })),
  });
  const many = (count: number, stem: string, role: MachineRole, first: number): MachineInfo[] =>
    Array.from({ length: count }, (_, index) =>
      make(role === 'control-plane' && count === 1 ? stem : `${stem}-${index + 1}`, role, `10.0.0.${first + index}`, index),
    );
  return [
    make('load-balancer', 'load-balancer', '10.0.0.10', 0),
    ...many(spec.controlPlanes, 'control-plane', 'control-plane', 11),
    ...(spec.topology === 'external' ? many(spec.etcdMembers, 'etcd', 'etcd', 31) : []),
    ...many(spec.workers, 'worker', 'worker', 41),
    make('workstation', 'workstation', '10.0.0.5', 0),
  ];
}

function pod(name: string, owner: string, node: string, address: string, reason?: string) {
  const isUp = reason === undefined && node !== '';
  return {
    metadata: {
      name,
      namespace: owner === 'kube-proxy' || owner.startsWith('coredns') ? 'kube-system' : 'default',
      uid: `uid-${name}`,
      resourceVersion: '100',
      creationTimestamp: '2026-01-05T10:30:00Z',
      labels: owner === 'kube-proxy' ? { 'k8s-app': 'kube-proxy' } : {},
      ownerReferences: [
        { kind: owner === 'kube-proxy' ? 'DaemonSet' : 'ReplicaSet', name: owner === 'kube-proxy' ? owner : `${owner}-7f9c6d5b8` },
      ],
    },
    spec: {
      nodeName: node === '' ? undefined : node,
      containers: [
        { name: 'main', image: 'nginx' },
        { name: 'side', image: 'busybox' },
      ],
    },
    status: {
      phase: node === '' ? 'Pending' : 'Running',
      podIP: isUp ? address : undefined,
      conditions: [{ type: 'Ready', status: isUp ? 'True' : 'False' }],
      containerStatuses: [
        {
          name: 'main',
          ready: isUp,
          restartCount: reason ? 4 : 0,
          state: reason ? { waiting: { reason } } : { running: { startedAt: '2026-01-05T10:30:00Z' } },
        },
        { name: 'side', ready: isUp, restartCount: 0, state: { running: {} } },
      ],
    },
  };
}

function podsOf(machines: readonly MachineInfo[]) {
  const nodes = machines.filter(({ roles }) => roles.includes('worker') || roles.includes('control-plane'));
  const workers = machines.filter(({ roles }) => roles.includes('worker'));
  return [
    ...nodes.map(({ name }, index) => pod(`kube-proxy-${index}abcd`, 'kube-proxy', name, '10.0.0.1')),
    ...workers.map(({ name }, index) => pod(`web-7f9c6d5b8-${index}mxkq`, 'web', name, `10.244.${3 + index}.4`)),
    ...workers.slice(0, 2).map(({ name }, index) => pod(`coredns-7f9c6d5b8-${index}wxyz`, 'coredns', name, `10.244.${3 + index}.2`)),
    ...workers.slice(0, 1).map(({ name }) => pod('crash-7f9c6d5b8-q2xkd', 'crash', name, '10.244.3.9', 'CrashLoopBackOff')),
  ];
}

/** The Table that the API server makes of pods, with a wide column. */
function podTable(pods: ReturnType<typeof podsOf>) {
  const column = (name: string, type = 'string', priority = 0) => ({ name, type, format: '', description: '', priority });
  return {
    kind: 'Table',
    metadata: { resourceVersion: '100' },
    columnDefinitions: [
      column('Name'),
      column('Ready'),
      column('Status'),
      column('Restarts', 'integer'),
      column('Age'),
      column('Node', 'string', 1),
    ],
    rows: pods.map(({ metadata, spec, status }) => ({
      cells: [
        metadata.name,
        '2/2',
        status.containerStatuses[0]?.state.waiting?.reason ?? status.phase,
        status.containerStatuses[0]?.restartCount,
        '11m',
        spec.nodeName,
      ],
      object: { kind: 'PartialObjectMetadata', metadata },
    })),
  };
}

const json = (value: unknown): Response => new Response(JSON.stringify(value), { headers: { 'content-type': 'application/json' } });

function fetchFrom(machines: Map<string, MachineInfo>): Lab['fetch'] {
  return (input, init) => {
    const url = new URL(String(input), 'http://lab.invalid');
    if (url.searchParams.has('watch')) {
      const body = new ReadableStream({ start: (controller) => init?.signal?.addEventListener('abort', () => controller.close()) });
      return Promise.resolve(new Response(body));
    }
    if (url.pathname.endsWith('/log')) return Promise.resolve(new Response('ready to serve\n10.0.0.10 - "GET / HTTP/1.1" 200\n'));
    if (url.pathname.endsWith('/namespaces'))
      return Promise.resolve(
        json({
          metadata: { resourceVersion: '100' },
          items: ['default', 'kube-system'].map((name) => ({ metadata: { name, resourceVersion: '1' } })),
        }),
      );
    if (url.pathname.endsWith('/events'))
      return Promise.resolve(
        json({
          metadata: { resourceVersion: '100' },
          items: [
            {
              metadata: { name: 'e1', resourceVersion: '1' },
              type: 'Normal',
              reason: 'Scheduled',
              message: 'Successfully assigned default/web to worker-1',
            },
          ],
        }),
      );
    const all = [...machines.values()];
    if (url.pathname === '/api/v1/nodes') {
      const nodes = all.filter(({ roles }) => roles.includes('worker') || roles.includes('control-plane'));
      const items = nodes.map(({ name, state }) => ({
        metadata: { name, resourceVersion: '1' },
        status: { conditions: [{ type: 'Ready', status: state === 'running' ? 'True' : 'Unknown' }] },
      }));
      return Promise.resolve(json({ metadata: { resourceVersion: '100' }, items }));
    }
    if (url.pathname.endsWith('/leases')) return Promise.resolve(json({ metadata: { resourceVersion: '100' }, items: leasesOf(all) }));
    if (init?.method === 'DELETE') return Promise.resolve(json({ kind: 'Status', status: 'Success' }));
    const wanted = /^metadata\.name=(.*)$/.exec(url.searchParams.get('fieldSelector') ?? '')?.[1];
    const namespace = /\/namespaces\/([^/]+)\//.exec(url.pathname)?.[1];
    const pods = podsOf(all).filter(
      ({ metadata }) => (wanted ?? metadata.name) === metadata.name && (namespace ?? metadata.namespace) === metadata.namespace,
    );
    const isTable = new Headers(init?.headers).get('accept')?.includes('as=Table') === true;
    return Promise.resolve(json(isTable ? podTable(pods) : { metadata: { resourceVersion: '100' }, items: pods }));
  };
}

/** Leases renewed 3 and 6 seconds before the pretended clock. */
function leasesOf(machines: readonly MachineInfo[]) {
  const lease = (namespace: string, name: string, holderIdentity: string, leaseDurationSeconds: number, ageMs: number) => ({
    metadata: { namespace, name, resourceVersion: '1' },
    spec: { holderIdentity, leaseDurationSeconds, renewTime: new Date(startMs - ageMs).toISOString() },
  });
  const elections = ['kube-scheduler', 'kube-controller-manager'].flatMap((name) =>
    machines
      .filter(({ components }) => components.some((component) => component.name === name && component.leader === true))
      .map((holder, index) => lease('kube-system', name, `${holder.name}_1b2c`, 15, 3_000 * (index + 1))),
  );
  return [...elections, ...machines.map(({ name }) => lease('kube-node-lease', name, name, 40, 4_000))];
}

/** A shell that says what it was told. */
function terminal(onOutput: (data: string) => Promise<void>, onExit: (exitCode: number) => void) {
  const prompt = '\u001b[32mstudent@workstation\u001b[0m:\u001b[34m~\u001b[0m$ ';
  let line = '';
  const take = (letter: string): void => {
    if (letter === '\r') {
      if (line === 'exit') return onExit(0);
      void onOutput(`\r\n${line === '' ? '' : `you said: ${line}\r\n`}${prompt}`);
      line = '';
    } else if (letter === '\u007f') {
      if (line !== '') void onOutput('\b \b');
      line = line.slice(0, -1);
    } else {
      line += letter;
      void onOutput(letter);
    }
  };
  void onOutput(prompt);
  return { write: (data: string) => [...data].forEach(take), resize: () => {}, close: () => {} };
}

/** The pretended lab. */
export function createFakeLab(options: FakeOptions): Lab {
  const listeners: Listeners = {
    machine: new Set(),
    span: new Set(),
    log: new Set(),
    raft: new Set(),
    traffic: new Set(),
    time: new Set(),
    notice: new Set(),
    error: new Set(),
    cluster: new Set(),
    faults: new Set(),
  };
  const machines = new Map(machinesOf(options).map((machine) => [machine.name, machine]));
  let rate = 1;
  let now = startMs;
  const emit = <E extends keyof LabEvents>(type: E, event: LabEvents[E]): void => listeners[type].forEach((listener) => listener(event));
  const change = (name: string, changed: Partial<MachineInfo>): Promise<void> => {
    const machine = machines.get(name);
    if (!machine) return Promise.reject(new Error(`no machine "${name}"`));
    machines.set(name, { ...machine, ...changed });
    emit('machine', { ...machine, ...changed });
    return Promise.resolve();
  };
  let faults: readonly LabFault[] = [];
  const setFaults = (changed: readonly LabFault[]): Promise<void> => {
    faults = changed;
    emit('faults', changed);
    return Promise.resolve();
  };
  const setState = (name: string, component: string, state: string): Promise<void> =>
    change(name, {
      components: (machines.get(name)?.components ?? []).map((each) => (each.name === component ? { ...each, state } : each)),
    });
  const tellTime = (): void =>
    emit('time', {
      labMs: now - startMs,
      rate,
      mode: rate === 0 ? 'paused' : rate > 1 ? 'granted' : 'free',
      trueRate: Math.min(rate, 17.4),
      stuck: [],
      wallMs: now,
    });
  const ready = {
    'at once': () => Promise.resolve(),
    never: () => new Promise<void>(() => {}),
    failed: () => Promise.reject(new Error('no quorum: 1 of 3 etcd members answers')),
  };
  /** What a reset was asked for, for tests to look at. */
  const asked = {};
  const raftOf = (name: string, role: 'candidate' | 'leader', term: number): void => {
    const raft = { role, term, commit: 1208, applied: 1208 } as const;
    const components = machines.get(name)?.components ?? [];
    void change(name, { components: components.map((each) => (each.name === 'etcd' ? { ...each, raft } : each)) });
    emit('raft', { machine: name, ...raft });
  };
  /** Has control-plane-3 ask for votes, or win. */
  const elect = (term: number, role: 'candidate' | 'leader' = 'candidate'): void => raftOf('control-plane-3', role, term);
  Object.assign(globalThis, { asked, elect });
  let isReady: Promise<void> | undefined;
  return {
    version: '0.0.0',
    cluster: 'default',
    spec: options.spec,
    topology: survives(options.spec),
    // Made when asked for, so that whoever asks hears of a rejection.
    get ready() {
      isReady ??= ready[options.ready ?? 'at once']();
      return isReady;
    },
    run: () => Promise.resolve({ stdout: '', stderr: '', exitCode: 0 }),
    fetch: fetchFrom(machines),
    terminal: (_size, onOutput, onExit) => Promise.resolve(terminal(onOutput, onExit)),
    machines: {
      list: () => Promise.resolve([...machines.values()]),
      add: () => Promise.reject(new Error('the pretended lab has no machines to add')),
      remove: () => Promise.reject(new Error('the pretended lab keeps its machines')),
      skew: () => Promise.resolve(),
      powerOff: (name) => change(name, { power: 'off', state: 'off', components: [] }),
      powerOn: (name) =>
        change(name, {
          power: 'on',
          state: 'running',
          components: machinesOf({ spec: options.spec }).find((machine) => machine.name === name)?.components ?? [],
        }),
      kill: (name, component) => setState(name, component, 'failed'),
      stop: (name, component) => setState(name, component, 'stopped'),
      start: (name, component) => setState(name, component, 'running'),
      freeze: (name, component) => (component ? setState(name, component, 'frozen') : change(name, { state: 'frozen' })),
      thaw: (name, component) => (component ? setState(name, component, 'running') : change(name, { state: 'running' })),
      logs: (name, component) =>
        Promise.resolve([`I0105 10:41:07 ${component} on ${name} begins`, 'I0105 10:41:08 "Serving" address="127.0.0.1:2379"']),
      counts: () => Promise.reject(new Error('nothing to count')),
    },
    network: {
      partition: (...groups) =>
        setFaults([
          ...faults,
          ...groups.flatMap((group) =>
            groups
              .filter((other) => other !== group)
              .flatMap((other) => group.flatMap((from) => other.map((to) => ({ kind: 'link' as const, from, to, fault: { down: true } })))),
          ),
        ]),
      link: (from, to, fault) =>
        setFaults([
          ...faults.filter((each) => each.kind !== 'link' || each.from !== from || each.to !== to),
          ...(Object.keys(fault).length > 0 ? [{ kind: 'link' as const, from, to, fault }] : []),
        ]),
      heal: () => setFaults(faults.filter(({ kind }) => kind !== 'link')),
    },
    disk: {
      fault: (machine, fault) =>
        setFaults([
          ...faults.filter((each) => each.kind !== 'disk' || each.machine !== machine),
          ...(fault === 'none' ? [] : [{ kind: 'disk' as const, machine, fault }]),
        ]),
    },
    faults: { list: () => faults },
    time: {
      get now() {
        return now;
      },
      get rate() {
        return rate;
      },
      get trueRate() {
        return rate;
      },
      setRate(wanted) {
        rate = wanted;
        tellTime();
        return Promise.resolve();
      },
      step(ms) {
        now += ms;
        tellTime();
        return Promise.resolve();
      },
    },
    connect: () => Promise.reject(new Error('there is nothing to connect to')),
    dial: () => Promise.reject(new Error('there is nothing to dial')),
    reset: (spec) => {
      Object.assign(asked, spec);
      return Promise.resolve();
    },
    on(type, listener) {
      listeners[type].add(listener);
      return () => void listeners[type].delete(listener);
    },
    close: () => {},
  };
}
