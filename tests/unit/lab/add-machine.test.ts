/** Which machine comes next: name, address, zone; and when none may. */
import { DEFAULT_SPEC, MAX_MACHINES, planAddition, planMachines, whyNotAdded, type ClusterSpec } from '#lab';
import { describe, expect, it } from 'vitest';

const spec = (more: Partial<ClusterSpec> = {}): ClusterSpec => ({ ...DEFAULT_SPEC, ...more });

describe('a machine that is added', () => {
  it('gets the next free name and address, in the zone with the fewest of its role', () => {
    const plan = planMachines(spec({ workers: 2 }));
    expect(planAddition({ role: 'worker' }, plan, spec())).toEqual({
      name: 'worker-3',
      role: 'worker',
      address: '10.0.0.43',
      zone: 'zone-c',
      joins: true,
    });
    expect(planAddition({ role: 'control-plane' }, plan, spec())).toMatchObject({
      name: 'control-plane-2',
      address: '10.0.0.12',
      zone: 'zone-b',
    });
    const withGap = plan.filter(({ name }) => name !== 'worker-1');
    expect(planAddition({ role: 'worker', name: 'big' }, withGap, spec())).toMatchObject({
      name: 'big',
      address: '10.0.0.41',
      zone: 'zone-a',
    });
  });

  it('does not take the name of one that was taken away', () => {
    const plan = planMachines(spec({ workers: 1 }));
    expect(planAddition({ role: 'worker' }, plan, spec(), ['worker-2']).name).toBe('worker-3');
  });

  it('is refused with a reason', () => {
    const plan = planMachines(spec());
    expect(whyNotAdded({ role: 'worker' }, plan, spec())).toBeUndefined();
    expect(whyNotAdded({ role: 'worker', name: 'worker-1' }, plan, spec())).toBe('there is a machine worker-1 already');
    expect(whyNotAdded({ role: 'worker', name: 'Not_A_Name' }, plan, spec())).toContain('no host name');
    expect(whyNotAdded({ role: 'etcd' }, plan, spec())).toContain('stacked');
    expect(whyNotAdded({ role: 'etcd' }, plan, spec({ topology: 'external' }))).toBeUndefined();
    const full = planMachines(spec({ workers: MAX_MACHINES - 3 }));
    expect(full).toHaveLength(MAX_MACHINES);
    expect(whyNotAdded({ role: 'worker' }, full, spec())).toContain(`${MAX_MACHINES} that one tab carries`);
  });
});
