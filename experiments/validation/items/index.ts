import type { ValidationItem } from '../item.ts';
import { applicationItems } from './applications.ts';
import { ladderItem } from './ladder.ts';
import { linuxItems } from './linux.ts';
import { metisCurveItems, metisItems } from './metis.ts';
import { migrationsItem } from './migrations.ts';
import { dunningtonItem, kunpengItem, nothingToGainItem } from './other-machines.ts';
import { numa01Items } from './numa01.ts';
import { softAffinityItems } from './soft-affinity.ts';
import { tieringItem } from './tiering.ts';
import { twinItems, twinLoadItems } from './twin.ts';
import { xen2009Items } from './xen-2009.ts';

/** The published results, in the order of their names. */
export const validationItems: readonly ValidationItem[] = [
  ...twinItems,
  ...metisItems,
  ...softAffinityItems,
  migrationsItem,
  kunpengItem,
  ...applicationItems,
  dunningtonItem,
  ...twinLoadItems,
  ...metisCurveItems,
  ...xen2009Items,
  ...linuxItems,
  ladderItem,
  ...numa01Items,
  nothingToGainItem,
  tieringItem,
];
