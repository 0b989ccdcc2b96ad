import { expect, it } from 'vitest';
import { bars } from './bars';

it('CO-08 bars show the loudest moment of both voices, scaled to the loudest of all', () => {
  const channels = [
    { min: [-0.1, 0, 0, 0], max: [0, 0, 0, 0] },
    { min: [0, 0, 0, 0], max: [0, 0.5, 0, 0.25] },
  ];
  expect(bars(channels, 4)).toEqual([0.2, 1, 0, 0.5]);
  expect(bars(channels, 2)).toEqual([1, 0.5]);
});

it('CO-08 few points are spread over all bars, none give a flat line', () => {
  expect(bars([{ min: [0, 0], max: [1, 0.5] }], 4)).toEqual([1, 1, 0.5, 0.5]);
  expect(bars([], 3)).toEqual([0, 0, 0]);
  expect(bars([{ min: null, max: null }], 2)).toEqual([0, 0]);
});
