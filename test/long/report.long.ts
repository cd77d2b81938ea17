import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { page as pageOf } from '../../report/page/page.ts';
import { everything } from '../report/page/page-fixture.ts';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']; // prettier-ignore
const SECTIONS = ['short', 'charts', 'findings', 'answers', 'comparisons', 'causes', 'accesses', 'links', 'timeline', 'figures', 'sensitivity', 'warnings']; // prettier-ignore
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const program = chromiumProgram();
const name = program === null ? 'a page in Chromium: skipped, as there is no chromium on the PATH nor in /usr/bin' : 'a page in Chromium';

/** Whether the page is drawn as people see it: with everything that a page can show in it, hostile names included. */
describe.skipIf(program === null)(name, () => {
  let folder = '';
  let browser: Browser;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'numalab-page-'));
    writeFileSync(join(folder, 'page.html'), pageOf(everything()));
    browser = await chromium.launch({ executablePath: program!, args: FLAGS });
  });
  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens the page; what it asks for beside itself, and what it complains of, is told. */
  async function open(options: BrowserContextOptions, check: (page: Page) => Promise<void>): Promise<{ asked: string[]; said: string[] }> {
    const context = await browser.newContext(options);
    const asked: string[] = [];
    const said: string[] = [];
    const url = pathToFileURL(join(folder, 'page.html')).href;
    await context.route('**', (route) => {
      if (route.request().url() !== url) asked.push(route.request().url());
      return route.continue();
    });
    const page = await context.newPage();
    page.on('console', (message) => void said.push(message.text()));
    page.on('pageerror', (error) => void said.push(error.message));
    page.on('dialog', (dialog) => void said.push(`dialog: ${dialog.message()}`));
    await page.goto(url);
    await check(page);
    await context.close();
    return { asked, said };
  }

  const QUIET = { asked: [], said: [] };

  test('nothing is asked for, nothing complained of, and no name is run', async () => {
    const outcome = await open({}, async (page) => {
      expect(await page.locator('main > section').count()).toBe(SECTIONS.length);
    });
    expect(outcome).toEqual(QUIET);
  });

  test.each([true, false])('every picture has a size and something drawn in it, with scripts: %s', async (javaScriptEnabled) => {
    const outcome = await open({ javaScriptEnabled }, async (page) => {
      const charts = page.locator('figure svg.chart');
      expect(await charts.count()).toBeGreaterThan(15);
      for (const chart of await charts.all()) {
        const box = (await chart.boundingBox())!;
        expect(box.width).toBeGreaterThan(150);
        expect(box.height).toBeGreaterThan(40);
        expect(await chart.locator('.mark').count()).toBeGreaterThan(0);
        expect((await chart.locator('.mark title').count()) > 0).toBe(!javaScriptEnabled); // who has no script gets the browser's own tips
      }
      await page.locator('#chart-first summary').click(); // the figures open without a script
      expect(await page.locator('#chart-first table').isVisible()).toBe(true);
    });
    expect(outcome).toEqual(QUIET);
  });

  test('a tip comes by pointer near a mark, by Tab and arrow keys, and goes with Escape', async () => {
    await open({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' }, async (page) => {
      const tip = page.locator('.tip');
      const marks = page.locator('#chart-first .mark');
      await marks.nth(1).scrollIntoViewIfNeeded();
      await scrolled(page);
      const box = (await marks.nth(1).boundingBox())!;
      await page.mouse.move(box.x + box.width / 2 + 9, box.y + box.height / 2 + 9);
      expect(await tip.textContent()).toBe('wander, 5: 2.50 GB/s, 95 % interval 2.25 to 2.63, guests 1.75 to 3.13');
      expect(await tip.isVisible()).toBe(true);
      await page.mouse.move(2, 2);
      expect(await tip.isVisible()).toBe(false);
      expect(await page.locator('#chart-first .mark[tabindex="0"]').count()).toBe(1); // one stop a chart
      await marks.nth(0).focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      expect(await tip.textContent()).toMatch(/^wander, 23: 1\.75 GB\/s/);
      await scrolled(page);
      expect(await tip.isVisible()).toBe(true);
      expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toMatch(/^wander, 23/);
      await page.keyboard.press('Escape');
      expect(await tip.isVisible()).toBe(false);
    });
  });

  test('a tip comes by touch', async () => {
    await open({ hasTouch: true, viewport: { width: 390, height: 800 }, reducedMotion: 'reduce' }, async (page) => {
      const cell = page.locator('#accesses .mark').nth(3);
      await cell.scrollIntoViewIfNeeded();
      await scrolled(page);
      await cell.tap();
      expect(await page.locator('.tip').textContent()).toBe('CPUs of node 1, memory of node 0: 0 % of all lines');
      expect(await page.locator('.tip').isVisible()).toBe(true);
    });
  });

  test.each([360, 768, 1280])('nothing sticks out of a page %i pixels wide', async (width) => {
    await open({ viewport: { width, height: 800 } }, async (page) => {
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      const outside = await page.evaluate(
        `[...document.querySelectorAll('h1, h2, h3, p, figcaption, summary, li, dd')].filter((one) => one.getBoundingClientRect().right > ${width} + 0.5).map((one) => one.textContent)`,
      );
      expect(outside).toEqual([]);
    });
  });

  test.each(['light', 'dark'] as const)('axe finds no fault, of any weight, in the %s', async (colorScheme) => {
    await open({ colorScheme, bypassCSP: true }, async (page) => {
      await page.evaluate("document.querySelectorAll('details').forEach((one) => (one.open = true))");
      await page.evaluate(axe);
      const { violations } = (await page.evaluate('axe.run()')) as {
        violations: { id: string; impact: string; nodes: { html: string }[] }[];
      };
      expect(violations.map(({ id, impact, nodes }) => `${impact} ${id}: ${nodes[0]!.html.slice(0, 120)}`)).toEqual([]);
      const paper = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(paper).toBe(colorScheme === 'dark' ? 'rgb(20, 23, 28)' : 'rgb(253, 253, 251)');
    });
  });

  test('on paper all sections are there, in the light, and nothing is wider than the sheet', async () => {
    await open({ colorScheme: 'dark', viewport: { width: 720, height: 1000 } }, async (page) => {
      await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(253, 253, 251)');
      for (const id of SECTIONS) expect(await page.locator(`#${id}`).isVisible(), id).toBe(true);
      expect(await page.locator('nav').isVisible()).toBe(false);
      const wide = await page.evaluate(
        "[...document.querySelectorAll('svg.chart, table')].filter((one) => one.getBoundingClientRect().right > 720).length",
      );
      expect(wide).toBe(0);
      const pdf = await page.pdf({ format: 'A4', outline: true, tagged: true });
      const outline = pdf.toString('latin1');
      for (const title of ['In short', 'Comparisons', 'Where the time went', 'Guests over nodes', 'Warnings']) expect(outline).toContain(`(${title})`); // prettier-ignore
    });
  });
});

/** A browser tells of a scroll with the next picture. */
async function scrolled(page: Page): Promise<void> {
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
}

function chromiumProgram(): string | null {
  const places = ['/usr/bin/chromium', ...(process.env.PATH ?? '').split(delimiter).flatMap((path) => [join(path, 'chromium'), join(path, 'chromium-browser')])]; // prettier-ignore
  return places.find(isProgram) ?? null;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
