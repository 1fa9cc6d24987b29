import type { Questions } from './questions.ts';
import { readStatusJson, readStatusText, unknownStatus, type StatusReading } from './status-reply.ts';

/** What the node says of itself from memory: in JSON, or in text where it does not know the other form. */
export async function askStatus(questions: Questions): Promise<StatusReading> {
  const json = await questions.ask('json {"command":"status","data":""}');
  const reading = json.known ? readStatusJson(json.value) : undefined;
  if (reading !== undefined) return reading;
  const text = await questions.ask('status');
  return text.known ? readStatusText(text.value) : unknownStatus(text.why);
}
