/** kubectl kustomize: prints what the kustomization of a directory makes. */
import { resolvePath } from '#shell';
import { defineFlag } from '../common-flags.ts';
import type { Command, Invocation } from '../command.ts';
import { CommandError } from '../errors.ts';
import { buildKustomization } from '../kustomize/index.ts';
import { toYaml } from '../printers/yaml.ts';

async function run({ session, args, flags }: Invocation): Promise<void> {
  if (args.length > 1) throw new CommandError('specify one path to kustomization.yaml');
  const text = (await buildKustomization(session.process, args[0] ?? '.')).map(toYaml).join('---\n');
  const output = flags.text('output');
  if (output === '') return session.out(text);
  const { files, cwd } = session.process;
  const path = resolvePath(cwd, output);
  if (files.stat(path)?.kind === 'directory') throw new CommandError(`open ${output}: is a directory`);
  files.write(path, text);
}

/** kubectl kustomize */
export const kustomize: Command = {
  name: 'kustomize',
  short: 'Build a kustomization target from a directory or URL',
  long: "Build a set of KRM resources using a 'kustomization.yaml' file. The DIR argument must be a path to a directory containing 'kustomization.yaml', or a git repository URL with a path suffix specifying same with respect to the repository root. If DIR is omitted, '.' is assumed.",
  group: 'Advanced Commands',
  usage: 'DIR [flags] [options]',
  examples:
    '  # Build the current working directory\n  kubectl kustomize\n\n  # Build some shared configuration directory\n  kubectl kustomize /home/config/production',
  completes: 'files',
  flags: [
    defineFlag('enable-helm', 'bool', 'Enable use of the Helm chart inflator generator.'),
    defineFlag(
      'load-restrictor',
      'string',
      "if set to 'LoadRestrictionsNone', local kustomizations may load files from outside their root. This does, however, break the relocatability of the kustomization.",
      {
        initial: 'LoadRestrictionsRootOnly',
      },
    ),
    defineFlag('output', 'string', 'If specified, write output to this path.', { short: 'o' }),
  ],
  run,
};
