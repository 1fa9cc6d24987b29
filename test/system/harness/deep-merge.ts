export type Changes = Readonly<Record<string, unknown>>;

/** Maps are merged key by key, everything else is replaced; null takes a key away. */
export function deepMerge(base: Changes, changes: Changes): Changes {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    const under = merged[key];
    if (value === null) Reflect.deleteProperty(merged, key);
    else if (isMap(value) && isMap(under)) merged[key] = deepMerge(under, value);
    else merged[key] = value;
  }
  return merged;
}

function isMap(value: unknown): value is Changes {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
