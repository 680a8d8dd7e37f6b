/**
 * Lint rules that need types, for core code only: they cost a whole type check, so they run beside the others and not in editors.
 * A promise nobody waits for is a failure nobody sees; a state nobody handles is a machine that stands still.
 */
import ts from 'typescript-eslint';

const ownProjects = ['src/main.ts', 'src/ui/**', 'src/embed/**', 'src/bridge/**', 'src/lab/fetch.ts', 'src/host/browser/**'];

export default [
  {
    files: ['src/**/*.ts'],
    ignores: ['**/*.d.ts', ...ownProjects],
    plugins: { '@typescript-eslint': ts.plugin },
    languageOptions: { parser: ts.parser, parserOptions: { project: './tsconfig.core.json', tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'off' },
    rules: {
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: true }],
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
];
