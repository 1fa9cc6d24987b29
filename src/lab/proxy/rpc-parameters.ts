/** Kamailio's reading of JSON-RPC parameters: by position whether they are an array or an object, with its conversions. */

export class RpcFault extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export type Parameters = readonly unknown[];

/** Undefined where `params` is of a kind that makes Kamailio do nothing and answer `{}`: a string, a number, null. */
export function readParameters(params: unknown): Parameters | undefined {
  if (params === undefined) return [];
  if (Array.isArray(params)) return params as unknown[];
  return typeof params === 'object' && params !== null ? Object.values(params) : undefined;
}

/** A whole number. A string or null is taken as 0, which is why set `"1"` is an unknown set (measured on 5.6.3). */
export function integerAt(parameters: Parameters, position: number): number | undefined {
  const value = parameters[position];
  if (value === undefined) return undefined;
  if (typeof value === 'number') return Math.trunc(value);
  return value === true ? 1 : 0;
}

/** A string and nothing else. */
export function stringAt(parameters: Parameters, position: number): string | undefined {
  const value = parameters[position];
  return typeof value === 'string' ? value : undefined;
}

/** A string, or a number printed as one. */
export function textAt(parameters: Parameters, position: number): string | undefined {
  const value = parameters[position];
  return typeof value === 'number' ? String(Math.trunc(value)) : stringAt(parameters, position);
}

export function required<T>(value: T | undefined): T {
  if (value === undefined) throw new RpcFault(500, 'Invalid Parameters');
  return value;
}

/** The `id` of an answer, as raw JSON: undefined where there was none, 0 for what Kamailio cannot print. */
export function printId(id: unknown): string | undefined {
  if (id === undefined) return undefined;
  if (typeof id === 'string') return JSON.stringify(id);
  if (typeof id === 'number') return Number.isInteger(id) ? String(id) : id.toFixed(6);
  return id === true ? '1' : '0';
}
