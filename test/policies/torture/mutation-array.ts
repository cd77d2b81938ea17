import { faulty } from './base.ts';

/** Changes how typed arrays work. */
export const policy = faulty('mutation-array', () => ({
  init() {
    Float64Array.prototype.fill = function () {
      return this;
    };
  },
}));
