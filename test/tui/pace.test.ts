import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keepPace, type Pace } from '../../src/tui/pace.ts';

let drawn: number[];
let pace: Pace;

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
  drawn = [];
  pace = keepPace(() => drawn.push(Date.now()), 250, 100, Date.now);
});

afterEach(() => {
  pace.stop();
  vi.useRealTimers();
});

test('draws at once and then every so often', () => {
  vi.advanceTimersByTime(1000);
  expect(drawn).toEqual([0, 250, 500, 750, 1000]);
});

test('draws at once where something changed, and counts from there', () => {
  vi.advanceTimersByTime(120);
  pace.soon();
  vi.advanceTimersByTime(380);
  expect(drawn).toEqual([0, 120, 370]);
});

test('draws never more often than that is of use', () => {
  for (let ms = 0; ms < 1000; ms += 1) {
    pace.soon();
    vi.advanceTimersByTime(1);
  }
  expect(drawn).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
});

test('a drawing that asks for the next one gets it later, not at once', () => {
  pace.stop();
  drawn = [];
  const eager = keepPace(
    () => {
      drawn.push(Date.now());
      eager.soon();
    },
    250,
    100,
    Date.now,
  );
  vi.advanceTimersByTime(250);
  eager.stop();
  expect(drawn).toEqual([0, 100, 200]);
});

test('draws no more once it is stopped, asked or not', () => {
  vi.advanceTimersByTime(10);
  pace.stop();
  pace.soon();
  vi.advanceTimersByTime(1000);
  expect(drawn).toEqual([0]);
});
