/**
 * Lint rules. What the compiler already says is left to it; what only a linter can say is here: the platform's time, chance and
 * console are closed to everything but the browser's body of the host and the bridge, errors are never swallowed, Svelte templates are sound.
 */
import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

const viaProcess = 'Take it from the process: time, chance, disk, network, crypto and telemetry come from the host.';
const closedGlobals = [
  'crypto',
  'console',
  'performance',
  'Intl',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'queueMicrotask',
  'requestIdleCallback',
  'scheduler',
].map((name) => ({ name, message: viaProcess }));

const closedSyntax = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: `The time of the day: ${viaProcess}` },
  { selector: "CallExpression[callee.name='Date']", message: `The time of the day: ${viaProcess}` },
  { selector: "MemberExpression[object.name='Date'][property.name='now']", message: `The time of the day: ${viaProcess}` },
  { selector: "MemberExpression[object.name='Math'][property.name='random']", message: `Chance: ${viaProcess}` },
  {
    selector: `MemberExpression[object.name=/^(globalThis|self|window)$/][property.name=/^(${closedGlobals.map(({ name }) => name).join('|')})$/]`,
    message: viaProcess,
  },
  {
    selector: 'MemberExpression[property.name=/^(localeCompare|toLocaleString|toLocaleDateString|toLocaleTimeString)$/]',
    message: "Its result depends on the reader's language, so nothing could be replayed. Compare with < and print by hand.",
  },
];

const always = [
  {
    selector: "CallExpression[callee.property.name='catch'] > ArrowFunctionExpression.arguments > BlockStatement[body.length=0]",
    message: 'A swallowed rejection. Handle it, or let it go up.',
  },
  { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
];

export default ts.config(
  { ignores: ['dist/', 'node_modules/', '.svelte-check/', 'coverage/', 'test-results/', '**/*.d.ts', '**/*.d.mts'] },
  js.configs.recommended,
  ...ts.configs.recommended,
  ...svelte.configs.recommended,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'no-undef': 'off',
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-constant-condition': ['error', { checkLoops: false }],
      'no-restricted-syntax': ['error', ...always],
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'prefer-const': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'object-shorthand': 'error',
      'no-promise-executor-return': 'off',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-empty-function': 'off',
      // The compiler says it of locals and parameters (noUnusedLocals, noUnusedParameters); said once is enough.
      '@typescript-eslint/no-unused-vars': 'off',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false }],
    },
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { globals: globals.browser, parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'], svelteConfig } },
    rules: { 'svelte/no-at-html-tags': 'error', 'svelte/require-each-key': 'error', 'svelte/button-has-type': 'error' },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.svelte', 'workers/**/*.ts'],
    // The bridge stands between a real network and the tab: half of it is a server in Node, and its time is the real one.
    ignores: ['src/host/browser/**', 'src/bridge/**'],
    rules: {
      'no-restricted-globals': ['error', ...closedGlobals],
      'no-restricted-syntax': ['error', ...always, ...closedSyntax],
    },
  },
  {
    files: ['tests/unit/**/*.ts', 'tests/simulation/**/*.ts', 'tests/scenarios/**/*.ts', 'tests/vectors/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', { name: 'setTimeout', message: 'Never sleep in a test: turn the clock.' }],
      'no-restricted-syntax': ['error', ...always, ...closedSyntax.slice(0, 4)],
    },
  },
  { files: ['scripts/**', '*.config.*'], languageOptions: { globals: globals.node } },
);
