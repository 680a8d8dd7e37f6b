/** kubectl auth can-i --list: all that the user may do in a namespace, a row for each resource and each URL. */
import type { Invocation } from '../command.ts';
import { cellsOf, rowsOf, type Rule } from '../policy-rules.ts';
import { alignTabs, tableLayout } from '../printers/tabs.ts';

/** Asks the server and prints the table. */
export async function listPermissions({ session, flags }: Invocation): Promise<void> {
  const { status } = await session.json<{
    status: { resourceRules: Rule[]; nonResourceRules: Rule[]; incomplete?: boolean; evaluationError?: string };
  }>({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
    contentType: 'application/json',
    body: {
      kind: 'SelfSubjectRulesReview',
      apiVersion: 'authorization.k8s.io/v1',
      metadata: { creationTimestamp: null },
      spec: { namespace: session.namespace },
      status: { resourceRules: null, nonResourceRules: null, incomplete: false },
    },
  });
  if (status.incomplete) {
    const why = status.evaluationError ? `: ${status.evaluationError}` : '';
    await session.err(`warning: the list may be incomplete${why}\n`);
  }
  const rows = rowsOf([...(status.resourceRules ?? []), ...(status.nonResourceRules ?? [])]).map((row) => cellsOf(row).join('\t'));
  if (!flags.on('no-headers')) rows.unshift('Resources\tNon-Resource URLs\tResource Names\tVerbs');
  await session.out(`${alignTabs(rows.join('\n'), tableLayout)}\n`);
}
