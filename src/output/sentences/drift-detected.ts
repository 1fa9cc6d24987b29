import { said, type Sentence, subject } from './sentence.ts';

export const driftDetected: Sentence<'drift.detected'> = {
  level: () => 'warning',
  say: (event) => {
    const { target, before, now, cause } = event.data;
    return `${subject(event)}drift: ${said(target)} was ${said(before)}, is ${said(now)} now (${said(cause)})`;
  },
};
