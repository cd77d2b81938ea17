import { createHash } from 'node:crypto';
import type { PageInputs } from '../../experiments/page/page-inputs.ts';
import { causesSections } from './all-causes.ts';
import { chartFigure } from './chart-section.ts';
import { PageContext } from './context.ts';
import { comparisonSection } from './comparison-section.ts';
import { figuresSection } from './figures-section.ts';
import { tableBox } from './figure.ts';
import { findingsSection } from './findings-section.ts';
import { heatMap } from './heat-map.ts';
import { Html, markup, NOTHING } from './html.ts';
import { machineDrawing } from './machine-drawing.ts';
import { provenance } from './provenance.ts';
import { groupRuns, type RunGroup } from './run-view.ts';
import { scatterFigures } from './scatter-section.ts';
import { sensitivitySections } from './sensitivity-section.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';
import { highlights, subtitleOf, titleOf } from './summary.ts';
import { timelineFigure } from './timeline-section.ts';
import { warningsOf } from './warnings.ts';

interface Section {
  readonly id: string;
  readonly title: string;
  readonly intro: string;
  readonly body: Html;
}

/** A page that needs nothing but itself. The same inputs give the same bytes. */
export function page(inputs: PageInputs): string {
  const sections = sectionsOf(inputs);
  const title = titleOf(inputs);
  const policy = `default-src 'none'; style-src '${hashOf(STYLE)}'; script-src '${hashOf(SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · numalab</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the results</a>
<header>
<p class="wordmark"><b>numalab</b> · a laboratory for NUMA scheduling ideas</p>
<h1>${title}</h1>
<p class="subtitle">${subtitleOf(inputs)}</p>
${provenance(inputs)}
</header>
<nav aria-label="Sections"><ul>${sections.map((section) => markup`<li><a href="#${section.id}">${section.title}</a></li>`)}</ul></nav>
<main id="main" tabindex="-1">
${sections.map(sectionMarkup)}</main>
<footer><p>${FOOTER}</p></footer>
<script>${new Html(SCRIPT)}</script>
</body>
</html>
`.markup;
}

const MEANS = ' Means over seeds with their 95 % intervals; broad pale bars reach from the least to the most of the runs.';

const FOOTER =
  'Results of simulation: the same scenario, seed and version give the same bytes. Point at a mark, tap it, or go to a chart with Tab and on with the arrow keys; the figures of each picture are in the table below it.'; // prettier-ignore

function sectionMarkup({ id, title, intro, body }: Section): Html {
  return markup`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${intro === '' ? NOTHING : markup`<p class="intro">${intro}</p>`}
${body}
</section>
`;
}

function sectionsOf(inputs: PageInputs): Section[] {
  const { decks, comparisons, sweeps, runs, machines, costs } = inputs;
  const context = new PageContext();
  const groups = groupRuns(runs, machines);
  const answers = decks.filter(({ answer }) => answer !== undefined);
  const warnings = warningsOf(inputs);
  const figures = (list: readonly Html[]): Html => markup`<div class="figures">${list}</div>`;
  const told = highlights(inputs);
  const chartsOf = decks.map(({ charts }) => figures(charts.map((chart) => chartFigure(chart, context, charts))));
  const wanted: (Section | false)[] = [
    told.length > 0 && { id: 'short', title: 'In short', intro: '', body: markup`<ul class="findings">${told.map(({ what, says }) => markup`<li><b>${what}</b><span>${says}</span></li>`)}</ul>` }, // prettier-ignore
    decks.length > 0 && {
      id: 'charts',
      title: answers.length === decks.length ? 'Charts' : 'The deck’s charts',
      intro: 'Marks are means over the guests of a run, then over seeds. Thin bars are 95 % intervals of the mean; broad pale bars reach from the least to the most of the guests. A policy has one colour on the whole page.', // prettier-ignore
      body: markup`${chartsOf}`,
    },
    decks.some(({ findings }) => findings.length > 0) && {
      id: 'findings',
      title: 'What they show against each other',
      intro: 'Full circles to the right of the line are better, full squares to the left are worse, hollow marks show no difference at this precision.', // prettier-ignore
      body: markup`${decks.map((deck) => findingsSection(deck, context))}`,
    },
    answers.length > 0 && { id: 'answers', title: 'What the deck asked', intro: '', body: markup`${answers.map(answerOf)}` },
    comparisons.length > 0 && {
      id: 'comparisons',
      title: 'Comparisons',
      intro: 'Each policy against the first, paired by seed, in percent of the first’s mean. Hollow marks: no difference shown at this precision, or one too small to matter.', // prettier-ignore
      body: comparisonSection(comparisons, context),
    },
    ...sweeps.map((sweep, i) => ({
      id: `sweep-${i}`,
      title: `Sweep ${sweep.plan}`,
      intro: `${sweep.done} of ${sweep.total} runs done${sweep.damaged > 0 ? `, ${sweep.damaged} damaged` : ''}.${sweep.charts.length > 0 ? MEANS : ''}`,
      body: markup`${sweep.charts.length > 0 ? figures(sweep.charts.map((chart) => chartFigure(chart, context))) : NOTHING}${sweep.scatters.map((one) => scatterFigures(one, context))}`,
    })),
    ...causesSections(inputs, context),
    ...runSections(groups, context, figures),
    (machines.length > 0 || costs.length > 0) && {
      id: 'figures',
      title: 'What it rests on',
      intro: 'Every figure of the machine and of what handling costs. The assumed ones come first.',
      body: figuresSection(machines, costs),
    },
    ...sensitivitySections(comparisons),
    warnings.length > 0 && { id: 'warnings', title: 'Warnings', intro: '', body: markup`<ul class="warnings">${warnings.map((warning) => markup`<li>${warning}</li>`)}</ul>` }, // prettier-ignore
  ];
  return wanted.filter((section) => section !== false);
}

function answerOf({ deck, answer, answerTable }: PageInputs['decks'][number]): Html {
  const behind = answerTable ? markup`<p>${answerTable.title}</p>${tableBox(answerTable.title, answerTable)}` : NOTHING;
  return markup`<h3>“${deck ?? ''}”</h3>
<p class="answer">${answer ?? ''}</p>
${behind}`;
}

/** What can be seen in single runs: who read whose memory, what it did to the wires, and how it came about. */
function runSections(groups: readonly RunGroup[], context: PageContext, figures: (list: readonly Html[]) => Html): (Section | false)[] {
  const each = (draw: (run: RunGroup['runs'][number], group: RunGroup) => Html | null, shape = figures): Html => {
    return markup`${groups.map((group) => {
      const drawn = group.runs.map((run) => draw(run, group)).filter((one) => one !== null);
      return drawn.length === 0 ? NOTHING : markup`<h3>${group.title}</h3>${shape(drawn)}`;
    })}`;
  };
  const broad = (list: readonly Html[]): Html => markup`<div class="figures broad">${list}</div>`;
  return [
    groups.length > 0 && {
      id: 'accesses',
      title: 'Who reads whose memory',
      intro: 'One run for each policy, as an example: which node’s memory the CPUs of each node fetched lines from.',
      body: each((run) => heatMap(run, context)),
    },
    groups.some(({ machine }) => machine !== null) && {
      id: 'links',
      title: 'What it does to controllers and links',
      intro: 'The same runs on a drawing of the machine: sockets as pale bands, their nodes as circles, links as pairs of lanes.',
      body: each((run, { machine }) => (machine ? machineDrawing(run, machine, context) : null), broad),
    },
    groups.some(({ runs }) => runs.some(({ timeline }) => timeline)) && {
      id: 'timeline',
      title: 'Guests over nodes',
      intro: 'The same runs as they went on: where the vCPUs of each guest ran, and where its memory lay.',
      body: each((run) => (run.timeline ? timelineFigure(run, run.timeline, context) : null)),
    },
  ];
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
