import { type Check, ok, readingOf, refusal, warning } from './check.ts';

/** Without sight of the node nothing can be decided. */
export const esl: Check = {
  name: 'esl',
  purposes: ['drain', 'deactivate', 'activate', 'doctor'],
  forceable: false,
  judge: (input) => {
    const { node } = input;
    const seen = readingOf(input);
    if (seen === undefined) {
      const trouble = input.observation.nodes[node.name]?.trouble;
      return [refusal(trouble?.message ?? `${node.name} was not read`, trouble?.hint ?? '')];
    }
    const blind = (['coreUuid', 'sessions', 'ready', 'pause'] as const).flatMap((key) => {
      const value = seen[key];
      return value.known ? [] : [`${key}: ${value.why}`];
    });
    if (blind.length > 0) {
      return [
        refusal(
          `${node.name} answers on ESL, but not everything can be read: ${blind.join('; ')}`,
          'Run the api commands by hand with fs_cli and see what they answer.',
        ),
      ];
    }
    const unread = [seen.full?.profiles, seen.full?.gateways].flatMap((value) =>
      value === undefined || value.known ? [] : [value.why],
    );
    if (unread.length > 0) {
      return [
        refusal(
          `the profiles or gateways of ${node.name} cannot be read: ${unread.join('; ')}`,
          'Run `sofia status` on the node and see what it answers.',
        ),
      ];
    }
    if (seen.ready.known && !seen.ready.value) {
      return [
        warning(
          `${node.name} answers on ESL, but is not ready`,
          'It may be starting or stopping: look at `status` on the node.',
        ),
      ];
    }
    return [ok(`${node.name} answers on ESL, ${seen.sessions.known ? seen.sessions.value : '?'} sessions`)];
  },
};
