import fc from 'fast-check';

/** Tests that draw at random draw the same on every machine, so that what CI refuses is the commit. NUMALAB_SEED=... draws others. */
fc.configureGlobal({ seed: Number(process.env.NUMALAB_SEED ?? 20_101_103) });
