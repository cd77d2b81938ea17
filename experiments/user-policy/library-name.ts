/** The only module a policy may import that is not a file of its own. */
export const LIBRARY = 'numalab/policy';
