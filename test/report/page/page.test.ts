import { createHash } from 'node:crypto';
import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, test } from 'vitest';
import { plainText } from '../../../report/format.ts';
import { captionOf } from '../../../report/page/comparison-section.ts';
import { page } from '../../../report/page/page.ts';
import { comparison, everything, HOSTILE } from './page-fixture.ts';

let text = '';
let document: ReturnType<typeof parseHTML>['document'];
beforeAll(() => {
  text = page(everything());
  document = parseHTML(text).document;
});

const all = (selector: string): string[] => [...document.querySelectorAll(selector)].map((one) => one.textContent ?? '');
const one = (selector: string): string => all(selector).join('\n');

test('the same inputs make the same bytes', () => {
  expect(page(everything())).toBe(text);
});

test('there is a section for everything that was given, in this order', () => {
  expect([...document.querySelectorAll('main > section')].map(({ id }) => id)).toEqual([
    'short',
    'charts',
    'findings',
    'answers',
    'comparisons',
    'causes',
    'accesses',
    'links',
    'timeline',
    'figures',
    'sensitivity',
    'warnings',
  ]);
  expect(all('nav a')).toEqual(all('main > section > h2'));
});

describe('nothing gets out and nobody gets in', () => {
  test('the policy allows the one sheet and the one script by their hashes, and nothing else', () => {
    const hash = (of: string): string => `sha256-${createHash('sha256').update(of).digest('base64')}`;
    const policy = document.querySelector('meta[http-equiv]')!.getAttribute('content');
    const [sheet] = /(?<=<style>)[^]*?(?=<\/style>)/.exec(text)!;
    const scripts = text.match(/<script>[^]*?<\/script>/g)!;
    expect(scripts).toHaveLength(1);
    const script = scripts[0]!.slice('<script>'.length, -'</script>'.length);
    expect(policy).toBe(
      `default-src 'none'; style-src '${hash(sheet)}'; script-src '${hash(script)}'; base-uri 'none'; form-action 'none'`,
    );
  });

  test('no element asks for anything, has a style of its own or a handler', () => {
    expect(document.querySelectorAll('link, img, iframe, object, embed, [src], [style], svg style').length).toBe(0);
    for (const element of document.querySelectorAll('*')) {
      for (const { name, value } of element.attributes) {
        expect(name).not.toMatch(/^on/);
        if (/href$/.test(name)) expect(value).toMatch(/^#/);
      }
    }
  });

  test('hostile names are text everywhere, without what turns or colours it', () => {
    const shown = plainText(HOSTILE);
    expect(text).not.toContain('<img');
    expect(text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    for (const place of ['#charts', '#findings', '#comparisons', '#accesses', '#links', '#timeline', '#sensitivity', '#warnings', 'header'])
      expect(one(place), place).toContain(shown.slice(0, 40));
  });
});

describe('who cannot see it', () => {
  test('gets for every picture a name, a caption, and a table of its data', () => {
    const pictures = [...document.querySelectorAll('figure')];
    expect(pictures.length).toBeGreaterThan(10);
    for (const figure of pictures) {
      for (const svg of figure.querySelectorAll('svg.chart')) {
        expect(svg.getAttribute('aria-label')).not.toBe('');
        expect(figure.querySelector('figcaption')!.id).toBe(svg.getAttribute('aria-describedby'));
      }
      expect(figure.querySelector('figcaption')!.textContent.length).toBeGreaterThan(20);
      expect(figure.querySelectorAll('details table tbody tr').length).toBeGreaterThan(0);
    }
  });

  test('finds headings in order, identifiers once, and links that lead somewhere', () => {
    const levels = [...document.querySelectorAll('h1, h2, h3, h4')].map(({ tagName }) => Number(tagName[1]));
    expect(levels.filter((level) => level === 1)).toEqual([1]);
    levels.forEach((level, i) => expect(level - (levels[i - 1] ?? 0)).toBeLessThanOrEqual(1));
    const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    for (const link of document.querySelectorAll('a')) expect(ids).toContain(link.getAttribute('href')!.slice(1));
  });
});

describe('what it says', () => {
  test('commands, version and code, files with their hashes; no date', () => {
    expect(one('header dl')).toContain('numalab deck --size reduced --seeds 2');
    expect(one('header dl')).toContain('numalab 1.2.3, code 1.2.3+c0de.node20');
    expect(one('header dl')).toMatch(/deck\.json sha256:[0-9a-f]{16}…/);
    expect(one('header')).not.toMatch(/\b20\d\d-\d\d-\d\d\b/);
  });

  test('captions tell what one sees', () => {
    expect(one('#chart-first-caption')).toBe(
      'wander: 3.25 GB/s at 1, 1.75 at 23. Guests differ most at 5: 1.75 to 3.13 GB/s. Higher is better. Hollow marks: not all runs ended well.',
    );
  });

  test('a gain is better, worse, or no difference at this precision, by its interval', () => {
    const rows = [...document.querySelectorAll('#findings > .scroll tbody tr')].map((row) => row.textContent.replace(/\s+/g, ' '));
    const verdicts = rows.flatMap((row) => /better|worse|no difference shown at this precision/.exec(row) ?? []);
    expect(verdicts.slice(0, 3)).toEqual(['better', 'no difference shown at this precision', 'worse']);
  });

  test('a difference that is sure but too small to matter is told as that', () => {
    const figures = { mean: 0.0004, low: 0.0003, high: 0.0005 };
    const tiny = { ...comparison.policies[1]!, difference: figures, verdict: 'no difference shown', isTooSmall: true };
    const { policies, ...rest } = comparison;
    expect(captionOf({ ...rest, policies: [policies[0]!, tiny] })).toBe('The difference of hold is too small to matter (below 0.01 %).');
  });

  test('a difference is in percent of the first, by its own interval: 2 of 8 is 25', () => {
    expect(one('#comparisons')).toContain('+25.0 [+11.0, +43.8]');
    expect(one('#comparisons')).toContain('−5.00 [−15.0, +5.00]'); // of a file that has no such interval: 0.4 of 8, from 1.2 to 0.4
    expect(one('#comparisons')).toContain(
      '; the verdicts hold together by Holm’s procedure, each interval is as wide as the level its policy is tested at.',
    );
    expect(one('#comparisons')).toContain('hold is better than wander.');
    expect(one('#comparisons')).toContain('No difference is shown at this precision for');
    expect(one('#comparisons')).toContain('The first 225 ms of what was measured are cut as warm-up (mser-5).');
  });

  test('60 of 100 lines are node 0 reading itself; 15 of 100 are remote', () => {
    expect(one('#accesses')).toContain('CPUs of node 0, memory of node 0: 60.0 % of all lines');
    expect(one('#accesses')).toContain('CPUs of node 2, memory of node 0: 10.0 % of all lines');
    expect(one('#accesses')).toContain('15.0 % of the lines came from another node');
  });

  test('loads are those while all guests were measured: controller 0 from 0.5 to 2 GB in 2 s', () => {
    expect(one('#links')).toMatch(/node 0, 3 CPUs, controller: 0\.750 of [\d.]+ GB\/s/);
    expect(one('#links')).toContain('from 2 s on, while all guests were measured');
  });

  test('a guest that went from node 0 to node 2 has a row for each and changed its main node once', () => {
    const table = [...document.querySelectorAll('#timeline figure')].at(-1)!.querySelector('details')!.textContent;
    expect(table).toMatch(/vm0\s*node 0 43 %, node 2 57 %\s*node 0 83 %, node 2 17 %\s*1/); // 1.5 of 3.5 s; 5 of 6 blocks
    expect(one('#timeline')).toContain('vm0 on node 2: 50.0 % of its vCPU time, 16.7 % of its memory at the end');
    expect(one('#timeline')).toContain('1 of 2 guests stay on one node');
  });

  test('assumed figures come first, each with its reason', () => {
    expect(one('#figures')).toMatch(/contextSwitchNs\s*2 us\s*assumed/);
    expect(one('#figures')).toMatch(/shootdownNs\s*1\.50 us\s*told\s*in the range of 1-3 us/);
  });

  test('a figure with which a verdict turns is named', () => {
    expect(one('#sensitivity')).toContain('Verdicts turn with links.');
    expect(one('#sensitivity')).toContain('failed');
  });

  test('warnings: runs that ended early, settling', () => {
    expect(one('#warnings')).toContain('first, wander at 23: not ended well with seed 2');
    expect(one('#warnings')).toContain('hold, seed 3: out-of-memory');
    expect(one('#warnings')).toContain('still settling after half of the run');
  });
});
