import type { ApiCommand } from './command.ts';

/** Unset and empty variables answer nothing, which reaches the client as `-ERR no reply`. */
export const globalGetvar: ApiCommand = ({ core }, argument) => {
  if (argument !== '') return core.variables.get(argument) ?? '';
  return [...core.variables].map(([name, value]) => `${name}=${value}\n`).join('');
};

export const globalSetvar: ApiCommand = ({ core }, argument) => {
  const equals = argument.indexOf('=');
  const name = equals < 0 ? argument : argument.slice(0, equals);
  if (name === '') return '-USAGE: <var>=<value> [=<value2>]\n';
  const value = equals < 0 ? '' : argument.slice(equals + 1);
  if (value === '') core.variables.delete(name);
  else core.variables.set(name, value);
  return '+OK';
};
