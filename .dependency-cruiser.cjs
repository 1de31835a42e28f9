/**
 * Who imports whom: vocabulary ← engine ← store ← runtime ← app ← http ← main.
 * cli and dashboard know only the HTTP API. Type-only imports count.
 */

/** Files under src/ outside the named ones, as a `to` restriction. */
const srcOutside = (...allowed) => ({ path: '^src/', pathNot: allowed });
const npmPackage = (names) => ({ path: `^node_modules/(?:@types/)?(?:${names})/` });

/**
 * The rooms of the engine, lowest first: a room knows those of the rows above it in this list, and itself. Rooms of
 * one row do not know each other, and what stands beside them (decide.ts, …) is known to none.
 */
const ENGINE_ROOMS = [
  ['model'],
  ['kernels'],
  ['mm'],
  ['fs'],
  ['device'],
  ['removal', 'memory_failure', 'exposure', 'topology', 'kept'],
  ['commands'],
  ['questions'],
];
const room = (name) => `^src/engine/${name}/`;

/** One rule for every pair of rooms that may not meet. */
const engineRooms = ENGINE_ROOMS.flatMap((row, at) =>
  row.flatMap((from) => {
    const others = [...row.filter((name) => name !== from), ...ENGINE_ROOMS.slice(at + 1).flat()];
    return others.map((to) => ({
      name: `engine-${from}-knows-no-${to}`,
      comment: 'What two rooms need belongs into a room below both.',
      severity: 'error',
      from: { path: room(from) },
      to: { path: room(to) },
    }));
  }),
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'A cycle, even of types, means that two files are one idea.',
      severity: 'error',
      from: { path: '^(src|test|matrix)/' },
      to: { circular: true },
    },
    {
      name: 'no-barrels',
      comment: 'Import each thing from the file that defines it.',
      severity: 'error',
      from: {},
      to: { path: '(^|/)index\\.ts$', pathNot: '^node_modules/' },
    },
    {
      name: 'resolvable',
      comment: 'An import that resolves to nothing fails at run time.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-dependency-in-src',
      comment: 'What runs in production is a dependency.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'src-without-tests',
      comment: 'Product code does not depend on its tests.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|bench|matrix)/' },
    },
    {
      name: 'vocabulary-imports-nothing',
      comment: 'The words come first.',
      severity: 'error',
      from: { path: '^src/engine/model/vocabulary\\.ts$' },
      to: {},
    },
    {
      name: 'engine-is-pure',
      comment: 'The engine imports nothing from outside its folder: no package, no node module.',
      severity: 'error',
      from: { path: '^src/engine/' },
      to: { pathNot: '^src/engine/' },
    },
    ...engineRooms,
    {
      name: 'engine-rooms-know-no-entry',
      comment: 'decide.ts and what stands beside it call the rooms.',
      severity: 'error',
      from: { path: '^src/engine/[^/]+/' },
      to: { path: '^src/engine/[^/]+\\.ts$' },
    },
    {
      name: 'engine-has-these-rooms',
      comment: 'A new room enters the list above, and so the order of imports.',
      severity: 'error',
      from: {},
      to: { path: '^src/engine/[^/]+/', pathNot: ENGINE_ROOMS.flat().map(room) },
    },
    {
      name: 'inventory-is-pure',
      comment:
        "Parsers and writers of JSON know the engine's nouns, ranges, the layout of a namespace and its names, and a parser that keeps 64-bit numbers exact.",
      severity: 'error',
      from: { path: '^src/inventory/' },
      to: {
        pathNot:
          '^(src/inventory/|src/engine/model/(?:vocabulary|host|pfn_range|info_block|name_in_sysfs|provider)\\.ts$|node_modules/lossless-json/)',
      },
    },
    {
      name: 'service-is-pure',
      comment:
        "The nouns of the service itself: what is of no host. They know the engine's words, and what an address is.",
      severity: 'error',
      from: { path: '^src/service/' },
      to: { pathNot: '^(src/(service|engine/model)/|(node:)?net$|node_modules/ipaddr\\.js/)' },
    },
    {
      name: 'store-below-runtime',
      comment: 'The store keeps what the engine made, in SQL: it knows no thread, and not who asks.',
      severity: 'error',
      from: { path: '^src/store/' },
      to: srcOutside('^src/(engine|service|store)/'),
    },
    {
      name: 'runtime-below-app',
      comment: 'Threads run the engine over the store, for whatever use.',
      severity: 'error',
      from: { path: '^src/runtime/' },
      to: srcOutside('^src/(engine|service|store|runtime)/'),
    },
    {
      name: 'app-below-http',
      comment: 'Use cases know the engine, the inventory and the runtime.',
      severity: 'error',
      from: { path: '^src/app/' },
      to: srcOutside('^src/(engine|inventory|service|store|runtime|app)/'),
    },
    {
      name: 'app-asks-the-port',
      comment: 'Of the store a use case knows its port, and how what is large is packed for it.',
      severity: 'error',
      from: { path: '^src/app/' },
      to: { path: '^src/store/', pathNot: '^src/store/(port|packed)\\.ts$' },
    },
    {
      name: 'http-above-app',
      comment: 'HTTP translates: it asks app/, never the runtime or the store.',
      severity: 'error',
      from: { path: '^src/http/' },
      to: srcOutside('^src/(engine|inventory|service|app|http)/', '^src/config\\.ts$'),
    },
    {
      name: 'config-stands-alone',
      comment: 'config.ts reads the environment and knows no layer but the nouns of the service.',
      severity: 'error',
      from: { path: '^src/config\\.ts$' },
      to: srcOutside('^src/service/'),
    },
    {
      name: 'threads-only-in-runtime',
      comment: 'Only the runtime starts threads and knows how they talk.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/runtime/' },
      to: { path: '^(node:)?worker_threads$' },
    },
    {
      name: 'main-is-the-root',
      comment: 'Nothing imports the composition root.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^src/main\\.ts$' },
    },
    {
      name: 'clients-know-only-the-api',
      comment: 'cli and dashboard use the HTTP API like any other client.',
      severity: 'error',
      from: { path: '^src/(cli|client|dashboard)/' },
      to: srcOutside('^src/$1/'),
    },
    {
      name: 'sql-only-in-store',
      comment: 'Only the store speaks SQL.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/store/' },
      to: npmPackage('better-sqlite3(?:-v12)?'),
    },
    {
      name: 'fastify-only-in-http',
      comment: 'Only http/ (and main.ts, which listens) knows the server.',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/http/', '^src/main\\.ts$'] },
      to: npmPackage('fastify|@fastify/[^/]+|fastify-zod-openapi'),
    },
  ],
  options: {
    doNotFollow: { path: '^node_modules/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      conditionNames: ['import', 'node', 'default', 'types', 'require'],
      exportsFields: ['exports'],
    },
    builtInModules: { add: [] },
  },
};
