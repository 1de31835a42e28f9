import { defineConfig } from 'eslint/config';
import jsdoc from 'eslint-plugin-jsdoc';
import tseslint from 'typescript-eslint';

const noDefaultExport = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name: one name for one thing, everywhere it is used.',
};
const noBarrel = {
  selector: 'ExportAllDeclaration, ExportNamedDeclaration[source]',
  message: 'No barrels: import each thing from the file that defines it.',
};

/** A difference between kernels is a row of a table, a step of a list, or what is proposed: nowhere a comparison. */
const kernelName = '/^(?:v\\d+\\.\\d+|force-unmap(?:-v\\d+\\.\\d+)?)$/';
const noKernelName = {
  selector: `Literal[value=${kernelName}], TemplateElement[value.raw=${kernelName}]`,
  message:
    'Ask the profile, or put a row into a table of src/engine/kernels/: a kernel is named there alone.',
};

/** Time enters the engine as a parameter. */
const noNow = {
  selector: "NewExpression[callee.name='Date'][arguments.length=0]",
  message: 'Time enters as a parameter.',
};

/** Only src/config.ts reads the environment; everything else is given its configuration. */
const environment = {
  properties: [{ object: 'process', property: 'env', message: 'Only src/config.ts reads process.env.' }],
  imports: ['process', 'node:process'].map((name) => ({
    name,
    importNames: ['env', 'default'],
    message: 'Only src/config.ts reads process.env.',
  })),
};

/** Loaded by name, the newer driver ends Node 20 without a message. */
const sqliteDriver = {
  name: 'better-sqlite3',
  allowTypeImports: true,
  message: 'src/store/driver.ts picks the driver that this Node can load.',
};

/** Time and identifiers enter the engine as parameters. */
const impurity = [
  { object: 'Math', property: 'random', message: 'Randomness enters as a parameter.' },
  { object: 'Date', property: 'now', message: 'Time enters as a parameter.' },
];

/** What a test waits for with a clock fails on a machine with too much to do. */
const clocks = [
  ['Date', 'now'],
  ['performance', 'now'],
  ['vi', 'waitFor'],
  ['vi', 'waitUntil'],
  ['expect', 'poll'],
].map(([object, property]) => ({
  object,
  property,
  message: 'Wait by test/support/until.ts, not by a clock.',
}));
const timers = ['setTimeout', 'setInterval'].map((name) => ({
  name,
  message: 'Wait by test/support/until.ts, not by a clock.',
}));

/** Everything that another file can use says what it is. */
const exported = {
  contexts: ['ExportNamedDeclaration[declaration]'],
  require: { FunctionDeclaration: false },
  enableFixer: false,
};

export default defineConfig(
  { ignores: ['dist/', 'dist-bench/', 'coverage/', 'data/', 'node_modules/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'prefer-const': 'error',
      'no-restricted-syntax': ['error', noDefaultExport, noBarrel],
      'max-lines': ['error', { max: 400 }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-restricted-imports': ['error', { paths: [sqliteDriver] }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],

      // A closed union is handled case by case: a new member must fail to compile, not fall into a default.
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        {
          allowDefaultCaseForExhaustiveSwitch: false,
          considerDefaultExhaustiveForUnions: false,
          requireDefaultForNonUnion: true,
        },
      ],

      // Fastify's instance and reply are thenable by design; nothing is lost when they are not awaited.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafePromises: [
            {
              from: 'package',
              package: 'fastify',
              name: ['FastifyInstance', 'FastifyReply', 'SafePromiseLike'],
            },
          ],
        },
      ],

      // Off or eased: rules that fight style and find no faults.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // The asynchronous port is implemented by functions that need not wait.
      '@typescript-eslint/require-await': 'off',
      // An index proven by its loop: a dead `??` beside it could never be covered by a test.
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['src/**/*.ts', 'matrix/**/*.ts'],
    ignores: ['src/app/demo.ts', 'src/app/demo_incident.ts'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExport, noBarrel, noKernelName] },
  },
  {
    // What the package exports: whoever installs it has one address to import from.
    files: ['src/client/daxplane.ts'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExport, noKernelName] },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/config.ts'],
    rules: {
      'no-restricted-properties': ['error', ...environment.properties],
      'no-restricted-imports': ['error', { paths: environment.imports }],
    },
  },
  {
    files: ['src/engine/**/*.ts', 'src/inventory/**/*.ts'],
    rules: {
      'no-restricted-properties': ['error', ...environment.properties, ...impurity],
      'no-restricted-syntax': ['error', noDefaultExport, noBarrel, noKernelName, noNow],
    },
  },
  {
    files: ['src/engine/kernels/**/*.ts', 'src/engine/model/vocabulary.ts'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExport, noBarrel, noNow] },
  },
  {
    files: ['engine', 'store', 'runtime', 'app'].map((layer) => `src/${layer}/**/*.ts`),
    plugins: { jsdoc },
    rules: { 'jsdoc/require-jsdoc': ['error', exported] },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      'max-lines-per-function': 'off',
      'no-restricted-properties': ['error', ...clocks],
      'no-restricted-globals': ['error', ...timers],
    },
  },
  {
    files: ['*.config.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
);
