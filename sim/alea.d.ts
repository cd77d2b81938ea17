/** One generator of seedrandom without the others: the whole package also loads Node's crypto, for seeds that we never take from it. */
declare module 'seedrandom/lib/alea.js' {
  const alea: (seed: string) => () => number;
  export = alea;
}
