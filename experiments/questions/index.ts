import { guestsApart } from './guests-apart.ts';
import { hotPagesFirst } from './hot-pages-first.ts';
import { kvmBinding } from './kvm-binding.ts';
import { noPinningNoMigration } from './no-pinning-no-migration.ts';
import { pageOrVcpu } from './page-or-vcpu.ts';
import type { Question } from './question.ts';
import { temporaryMigration } from './temporary-migration.ts';
import { theyShouldKnow } from './they-should-know.ts';

/** The open questions of "Virtualizing NUMA", in the order in which the deck asks them. */
export const questions: readonly Question[] = [
  noPinningNoMigration,
  guestsApart,
  hotPagesFirst,
  temporaryMigration,
  theyShouldKnow,
  pageOrVcpu,
  kvmBinding,
];
