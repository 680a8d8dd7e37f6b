/** A workbench whose student has kubectl and a kubeconfig for a fake API server that runs beside it. */
import { kubectl } from '#kubectl';
import { createWorkbench, type Workbench } from '../shell/workbench.ts';
import { createFakeApi, fakeKubeconfig, type FakeApi } from './fake-api.ts';

const PORT = 8001;

/** The workbench and the API server, with nothing in it. */
export async function createKubectlBench(): Promise<{ readonly bench: Workbench; readonly api: FakeApi }> {
  const api = createFakeApi(PORT);
  const bench = await createWorkbench({ kubectl });
  bench.machine.spawn(api.program, { name: 'kube-apiserver' });
  bench.machine.files.makeDirectory('/home/student/.kube', { recursive: true });
  bench.machine.files.write('/home/student/.kube/config', fakeKubeconfig(PORT));
  return { bench, api };
}
