/** Import directions, as docs/architecture.md draws them. */
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: '^src/', pathNot: allowed },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-barrels',
      severity: 'error',
      from: {},
      to: { path: '(^|/)index\\.tsx?$', pathNot: 'node_modules' },
    },
    only('domain-is-pure', '^src/domain/', ['^src/domain/']),
    {
      name: 'domain-has-no-io',
      severity: 'error',
      from: { path: '^src/domain/', pathNot: '^src/domain/playbook/' },
      to: { dependencyTypes: ['core', 'npm'] },
    },
    {
      // Two libraries that compute and do nothing else: expressions and their regular expressions.
      name: 'expressions-have-no-io',
      severity: 'error',
      from: { path: '^src/domain/playbook/' },
      to: {
        dependencyTypes: ['core', 'npm'],
        pathNot: 'node_modules/(@marcbachmann/cel-js|re2js)/',
      },
    },
    {
      name: 'cel-behind-expressions',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/domain/playbook/(cel-|expression[.]ts$)' },
      to: { path: 'node_modules/(@marcbachmann/cel-js|re2js)/' },
    },
    ...[
      'inventory',
      'freeswitch',
      'kamailio',
      'ssh',
      'sip',
      'local',
      'journal',
      'http',
      'postgres',
      'redis',
    ].map((adapter) =>
      only(`${adapter}-knows-domain-only`, `^src/${adapter}/`, [
        `^src/${adapter}/`,
        '^src/domain/',
        '^src/workflow/(outside-)?ports[.]ts$',
        ...(adapter === 'inventory' ? ['^src/yaml/'] : []),
      ]),
    ),
    only('yaml-knows-domain-only', '^src/yaml/', ['^src/yaml/', '^src/domain/']),
    only('playbook-knows-no-adapter', '^src/playbook/', [
      '^src/playbook/',
      '^src/yaml/',
      '^src/domain/',
      '^src/workflow/',
    ]),
    only('workflow-knows-domain-only', '^src/workflow/', ['^src/workflow/', '^src/domain/']),
    only('views-know-domain-only', '^src/(tui|output)/', ['^src/(tui|output)/', '^src/domain/']),
    only('lab-stands-alone', '^src/lab/', ['^src/lab/']),
    {
      name: 'nobody-imports-cli',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
    {
      name: 'modesl-in-quarantine',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/freeswitch/modesl-' },
      to: { path: 'node_modules/modesl' },
    },
    {
      name: 'ssh2-behind-ssh',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(ssh|lab)/' },
      to: { path: 'node_modules/ssh2' },
    },
    {
      name: 'axios-behind-kamailio-and-http',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(kamailio|http)/' },
      to: { path: 'node_modules/axios' },
    },
    {
      name: 'pg-behind-postgres',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/postgres/' },
      to: { path: 'node_modules/pg/' },
    },
    {
      name: 'ioredis-behind-redis',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/redis/' },
      to: { path: 'node_modules/ioredis/' },
    },
    {
      name: 'commander-behind-cli',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/cli/' },
      to: { path: 'node_modules/(commander|@commander-js)' },
    },
    {
      name: 'ink-behind-tui',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/tui/' },
      to: { path: 'node_modules/(ink|react)/' },
    },
    {
      name: 'listr-behind-workflow',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/workflow/' },
      to: { path: 'node_modules/listr2' },
    },
    {
      name: 'lab-needs-ssh2-only',
      severity: 'error',
      from: { path: '^src/lab/' },
      to: { dependencyTypes: ['npm'], pathNot: 'node_modules/ssh2' },
    },
    {
      name: 'src-ships-no-dev-dependency',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], pathNot: 'node_modules/@types/' },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    { name: 'src-knows-no-test', severity: 'error', from: { path: '^src/' }, to: { path: '^test/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
