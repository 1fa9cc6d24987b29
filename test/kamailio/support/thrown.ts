/** What the promise was rejected with. @throws Error when it was not */
export async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`nothing was thrown, but given back: ${JSON.stringify(value)}`);
}
