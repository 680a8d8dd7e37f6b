/**
 * Lives one life of a cluster from a seed and prints its trace hash after each lab second, then a line of counts: the same text in
 * every process, or something is not from the seed. `node scripts/run.mjs tests/simulation/trace-program.ts <seed> <control planes> <workers>`
 */
import { atTheKeyboard, READY_LIMIT_MS } from './student.ts';
import { simulatedLab } from './data-centre.ts';

const [seed = 'trace', controlPlanes = '1', workers = '1'] = process.argv.slice(2);
const { lab, simulation, settle, ...site } = await simulatedLab(seed, { controlPlanes: Number(controlPlanes), workers: Number(workers) });
const student = atTheKeyboard({ lab, simulation, settle, ...site });
const seconds = async (count: number): Promise<void> => {
  for (let at = 0; at < count; at++) {
    await simulation.run(1_000);
    console.log(`${Math.round(simulation.nowMs)} ${simulation.trace.value}`);
  }
};
await seconds(5);
await settle(lab.ready, READY_LIMIT_MS, 'the cluster is ready');
console.log(`ready at ${simulation.nowMs} ${simulation.trace.value}`);
await student.sh('kubectl create configmap note --from-literal=text=hello');
await seconds(5);
const [first] = (await lab.machines.list()).filter(({ roles }) => roles[0] === 'control-plane');
await student.powerOff(first!.name);
await seconds(3);
await student.powerOn(first!.name);
await seconds(20);
console.log(JSON.stringify({ ...simulation.counts, trace: simulation.trace.value }));
process.exit(0);
