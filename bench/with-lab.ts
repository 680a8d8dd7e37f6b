/** A lab in a browser of its own, for as long as something is measured in it. */
import { openLab, type LabPage } from '../tests/page/lab-page.ts';

/** Opens it with `query` (null: only the browser), and closes it whatever happens. */
export async function withLab<T>(query: string | null, use: (tab: LabPage) => Promise<T>): Promise<T> {
  const tab = await openLab(query);
  try {
    return await use(tab);
  } finally {
    await tab.close();
  }
}
