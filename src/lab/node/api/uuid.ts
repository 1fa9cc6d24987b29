import { words, type ApiCommand } from './command.ts';

const NO_CHANNEL = '-ERR No such channel!\n';

export const uuidExists: ApiCommand = ({ channels }, argument) =>
  String(channels.get(argument) !== undefined);

export const uuidKill: ApiCommand = ({ channels }, argument) => {
  const [uuid, cause = 'NORMAL_CLEARING'] = words(argument);
  if (uuid === undefined) return '-USAGE: <uuid> [cause]\n';
  const channel = channels.get(uuid);
  if (!channel) return NO_CHANNEL;
  channels.end(channel, cause, 'operator');
  return '+OK\n';
};

export const uuidGetvar: ApiCommand = ({ channels }, argument) => {
  const [uuid, name] = words(argument);
  if (uuid === undefined || name === undefined) return '-USAGE: <uuid> <var>\n';
  const channel = channels.get(uuid);
  if (!channel) return NO_CHANNEL;
  return channel.variables.get(name) ?? '_undef_';
};

export const hupall: ApiCommand = ({ channels }, argument) => {
  const cause = words(argument)[0] ?? 'MANAGER_REQUEST';
  for (const channel of channels.list()) channels.end(channel, cause, 'operator');
  return `+OK hangup all channels with cause ${cause}\n`;
};
