import { describe, expect, test } from 'vitest';
import { centralProbability, tQuantile } from '../../../experiments/statistics/student-t.ts';

describe('the t quantile', () => {
  test.each([0.6, 0.9, 0.975, 0.9995, 0.9999995])('at %d with one degree of freedom is a tangent (Cauchy)', (p) => {
    expect(tQuantile(p, 1) / Math.tan(Math.PI * (p - 0.5))).toBeCloseTo(1, 8);
  });

  test.each([0.6, 0.9, 0.975, 0.9995, 0.9999995])('at %d with two degrees is (2p - 1) / sqrt(2p(1 - p))', (p) => {
    expect(tQuantile(p, 2) / ((2 * p - 1) / Math.sqrt(2 * p * (1 - p)))).toBeCloseTo(1, 8);
  });

  // Student's table as every textbook prints it, to more digits where they are known.
  test.each([
    [0.975, 9, 2.2621571628, 9],
    [0.95, 4, 2.1318467863, 9],
    [0.995, 19, 2.8609346065, 9],
    [0.9995, 9, 4.7809, 4],
    [0.975, 30, 2.0423, 4],
    [0.9995, 120, 3.3735, 4],
  ])('at %d with %i degrees is the table value %d', (p, dof, value, digits) => {
    expect(tQuantile(p, dof)).toBeCloseTo(value, digits);
  });

  test('with very many degrees is that of the normal law', () => {
    expect(tQuantile(0.975, 1_000_000)).toBeCloseTo(1.95996, 4);
  });

  test('mirrors at the median', () => {
    expect(tQuantile(0.5, 7)).toBe(0);
    expect(tQuantile(0.025, 9)).toBeCloseTo(-2.2621571628, 9);
  });

  test.each([0, 1, -0.1, 1.5, NaN])('refuses probability %d', (p) => {
    expect(() => tQuantile(p, 3)).toThrow(RangeError);
  });

  test.each([0, -1, 2.5, NaN, Infinity])('refuses %d degrees of freedom', (dof) => {
    expect(() => tQuantile(0.9, dof)).toThrow(/degrees of freedom/);
  });
});

test('the finite sums agree with the integral of the density, for 1 to 60 degrees', () => {
  for (let dof = 1; dof <= 60; dof++) {
    for (const t of [0.1, 0.9, 2.3, 7.7]) expect(centralProbability(t, dof), `t ${t}, ${dof} degrees`).toBeCloseTo(bySimpson(t, dof), 10);
  }
});

/** With t = sqrt(dof) tan(angle) the density turns into cos(angle) ** (dof - 1), up to a factor that cancels. */
function bySimpson(t: number, dof: number): number {
  const area = (to: number): number => {
    const steps = 2000;
    let sum = 0;
    for (let i = 0; i <= steps; i++) sum += (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2) * Math.cos((to * i) / steps) ** (dof - 1);
    return (sum * to) / steps / 3;
  };
  return area(Math.atan(t / Math.sqrt(dof))) / area(Math.PI / 2);
}
