/** What every expression can ask for before any step has registered something: the shapes of domain/playbook/known-values.ts. */
import type { Names } from '../domain/playbook/scope.ts';

export const KNOWN_NAMES: Names = {
  node: {
    fields: {
      name: 'string',
      host: 'string',
      // Which labels a node has says the inventory.
      labels: 'any',
      sip: { fields: { profile: 'string', ip: 'any', port: 'integer' } },
      capacity: { fields: { calls: 'integer' } },
    },
  },
  cluster: { fields: { name: 'string', nodes: 'list', proxies: 'list' } },
  policy: {
    fields: {
      restart: 'boolean',
      hold: 'boolean',
      fence: 'string',
      onTimeout: 'string',
      threshold: 'integer',
      timeout: 'integer',
      foundDisabled: 'string',
      onOut: 'boolean',
    },
  },
};
