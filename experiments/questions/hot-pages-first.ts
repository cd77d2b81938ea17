import { policies } from '../../policies/index.ts';
import type { Cell, Chart, Size } from '../chart.ts';
import { work } from './charts.ts';
import { sentAway } from './itinerary.ts';
import type { Question } from './question.ts';
import { answerBy } from './sentences.ts';

/** All guests have their memory on one node and are held on another from soon after they have filled it. */
const OWN = sentAway(policies, ['kvm-eevdf', 'hot-list', 'carrefour', 'autonuma', 'hot-pages-first']);
const SERIES = { none: 'kvm-eevdf', 'hot-list': 'hot-list', carrefour: 'carrefour', autonuma: 'autonuma', 'hot-pages-first': 'hot-pages-first' };
