import { InputError, show } from '../../experiments/input-error.ts';
import { wantOneOf } from '../../experiments/named-options.ts';
import { readScenarioFile } from '../../experiments/scenario-file.ts';
import type { ValidationItem } from '../../experiments/validation/item.ts';
import { readItems } from '../../experiments/validation/item-file.ts';
import { validationItems } from '../../experiments/validation/items/index.ts';
import { sensitivityOf, variationCount } from '../../experiments/validation/sensitivity.ts';
import { runCount, scenariosOf, validateItem } from '../../experiments/validation/validate.ts';
import { sensitivityText, validationJson, validationMarkdown, validationText } from '../../report/validation.ts';
import { type Call, type Command, DONE, type Flag, JSON_FLAG, type Lab, type Terminal } from '../command.ts';

const ITEMS_FLAG: Flag = {
  name: 'items',
  summary: 'file of further items in YAML or JSON (docs/validation-items.md); without names only these are run',
  kind: 'text',
};
const SENSITIVITY_FLAG: Flag = {
  name: 'sensitivity',
  summary: 'also rerun each with every assumed figure at plus and minus 20 % (minutes)',
  kind: 'switch',
};
const CONTENTION_FLAG: Flag = {
  name: 'contention',
  summary: 'model of contention for all runs: fifo or max-min',
  kind: 'text',
  default: 'fifo',
};
const MARKDOWN_FLAG: Flag = { name: 'markdown', summary: 'print as docs/validation.md has it', kind: 'switch' };

export const validate: Command = {
  name: 'validate',
  summary: 'simulate published results and hold the outcome against them: value, error and band of each, the misses included',
  more: 'item',
  flags: [ITEMS_FLAG, CONTENTION_FLAG, SENSITIVITY_FLAG, MARKDOWN_FLAG, JSON_FLAG],
  examples: [
    ['numalab validate', 'all published results'],
    ['numalab validate P05 xen-2009-rd', 'two of them'],
    ['numalab validate P18 --sensitivity', 'on which assumed figures does it hang?'],
    ['numalab validate --contention max-min', 'what would another model of contention say?'],
    ['numalab validate --items mine.yaml --json', 'results of your own, in the same form'],
  ],
  run(call, lab, terminal) {
    if (call.switches.has('sensitivity') && call.switches.has('markdown'))
      throw new InputError('--sensitivity and --markdown: want one of the two');
    const items = chosen(call).map((item) => withContention(item, call.texts.contention));
    for (const item of items) if (item.scenario) scenariosOf(item, lab); // all is read before anything is run
    const progress = progressOf(items, call, lab, terminal);
    const results = items.map((item) => ({
      ...validateItem(item, lab, () => progress(item.id)),
      sensitivity: call.switches.has('sensitivity') ? sensitivityOf(item, lab, () => progress(item.id)) : null,
    }));
    terminal.progress('');
    if (call.switches.has('json')) terminal.out(`${JSON.stringify(validationJson(results, lab.version), null, 2)}\n`);
    else if (call.switches.has('markdown')) terminal.out(validationMarkdown(results));
    else terminal.out(validationText(results) + results.map(sensitivityText).join(''));
    return DONE;
  },
};

/** The item with another model of contention in all its runs that name none. */
function withContention(item: ValidationItem, contention: string | undefined): ValidationItem {
  if (contention === undefined || !item.scenario) return item;
  if (contention !== 'fifo' && contention !== 'max-min')
    throw new InputError(`--contention = ${show(contention)}, ${wantOneOf(contention, ['fifo', 'max-min'])}`);
  return { ...item, scenario: { ...item.scenario, words: { contention, ...item.scenario.words } } };
}

/** The items named, of those built in and those of the file; without names all of the file, or all that are built in. */
function chosen(call: Call): readonly ValidationItem[] {
  const file = call.texts.items === undefined ? undefined : readScenarioFile(call.texts.items, '--items');
  const own = file ? readItems(file.name, file.text) : [];
  const taken = own.find(({ id }) => validationItems.some((item) => item.id === id));
  if (taken) throw new InputError(`${show(file!.name)}: id = ${taken.id}, want one that no built-in item has`);
  if (call.more.length === 0) return file ? own : validationItems;
  const known = [...validationItems, ...own];
  const ids = known.map(({ id }) => id);
  return [...new Set(call.more)].map((name) => {
    const item = known.find(({ id }) => id === name);
    if (!item) throw new InputError(`validate ${show(name)}: ${wantOneOf(name, ids)}`);
    return item;
  });
}

function progressOf(items: readonly ValidationItem[], call: Call, lab: Lab, terminal: Terminal): (id: string) => void {
  const times = (item: ValidationItem): number => 1 + (call.switches.has('sensitivity') ? variationCount(item, lab) : 0);
  const total = items.reduce((sum, item) => sum + runCount(item) * times(item), 0);
  const startedMs = performance.now();
  let done = 0;
  return (id) => {
    done++;
    const leftS = ((performance.now() - startedMs) / 1000 / done) * (total - done);
    terminal.progress(`${id}: run ${done} of ${total}, about ${Math.max(0, Math.ceil(leftS))} s left`);
  };
}
