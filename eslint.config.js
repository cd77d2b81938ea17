import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const namedExportsOnly = [
  { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
  { selector: "ExportSpecifier[exported.name='default']", message: 'Named exports only.' },
];

const notRepeatable = [
  { object: 'Math', property: 'random', message: 'Draw from a named stream (sim/random.ts): a run must be repeatable.' },
];

const outsideWorld = ['Date', 'performance', 'process', 'console', 'crypto', 'fetch', 'globalThis', 'require', 'setTimeout', 'setInterval'];

export default defineConfig(
  { ignores: ['dist/', 'results/', 'coverage/'] },
  tseslint.configs.strict,
  {
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off', // typed arrays: the index is in range by construction
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      'no-restricted-syntax': ['error', ...namedExportsOnly],
      'no-restricted-properties': ['error', ...notRepeatable],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: 'simple-statistics',
              importNames: ['sample', 'sampleWithReplacement', 'shuffle', 'shuffleInPlace', 'permutationTest', 'kMeansCluster'],
              message: 'Draws from Math.random unless told otherwise.',
            },
          ],
        },
      ],
      'no-console': 'error',
      eqeqeq: 'error',
      'no-constant-condition': ['error', { checkLoops: 'allExceptWhileTrue' }],
      'no-control-regex': 'error',
      'no-fallthrough': 'error',
      'no-self-assign': 'error',
      'no-self-compare': 'error',
      'no-unsafe-finally': 'error',
      'no-unreachable-loop': 'error',
      'use-isnan': 'error',
      'valid-typeof': 'error',
      'prefer-const': 'error',
    },
  },
  {
    // What a run depends on: scenario and seed, and nothing of the world outside.
    files: ['{sim,machines,workloads,policies}/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...outsideWorld.map((name) => ({ name, message: 'A run depends on scenario and seed alone.' }))],
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*', 'fs', 'os', 'path'], message: 'No files, no environment, no clock.' }] },
      ],
    },
  },
  { files: ['{cli,bench}/**/*.ts'], rules: { 'no-console': 'off' } },
  {
    files: ['*.config.js', '*.config.ts'],
    rules: { 'no-restricted-syntax': 'off' }, // their tools ask for a default export
  },
);
