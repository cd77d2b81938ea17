/**
 * The page's only script: the titles of marks become tips that pointer, touch and keyboard bring up. A chart is one stop of the Tab key;
 * arrow keys go from mark to mark. Without it the browser shows the titles itself, and nothing else is missing.
 */
export const SCRIPT: string = `(() => {
'use strict';
const NEAR = 26;
const tip = document.createElement('div');
tip.className = 'tip';
tip.setAttribute('aria-hidden', 'true');
document.body.append(tip);
let shown = null;
const hide = () => { tip.classList.remove('shown'); shown = null; };
const show = (mark) => {
  if (shown === mark) return;
  shown = mark;
  tip.textContent = mark.getAttribute('aria-label');
  const box = mark.getBoundingClientRect();
  const size = tip.getBoundingClientRect();
  const middle = box.left + box.width / 2 - size.width / 2;
  const above = box.top - size.height - 8;
  tip.style.left = Math.max(6, Math.min(innerWidth - size.width - 6, middle)) + 'px';
  tip.style.top = (above > 4 ? above : Math.min(innerHeight - size.height - 6, box.bottom + 8)) + 'px';
  tip.classList.add('shown');
};
for (const chart of document.querySelectorAll('svg.chart')) {
  const marks = [...chart.querySelectorAll('.mark')];
  if (marks.length === 0) continue;
  chart.setAttribute('role', 'group');
  marks.forEach((mark, i) => {
    const title = mark.querySelector('title');
    mark.setAttribute('aria-label', title.textContent);
    title.remove();
    mark.setAttribute('tabindex', i === 0 ? '0' : '-1');
  });
  const nearest = (event) => {
    const own = event.target.closest('.mark');
    if (own) return own;
    let best = null;
    let distance = NEAR;
    for (const mark of marks) {
      const box = mark.getBoundingClientRect();
      if (box.width > NEAR || box.height > NEAR) continue;
      const away = Math.hypot(event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2);
      if (away < distance) { best = mark; distance = away; }
    }
    return best;
  };
  const point = (event) => { const mark = nearest(event); if (mark) show(mark); else hide(); };
  chart.addEventListener('pointermove', point);
  chart.addEventListener('pointerdown', point);
  chart.addEventListener('pointerleave', (event) => { if (event.pointerType !== 'touch') hide(); });
  chart.addEventListener('focusin', (event) => show(event.target));
  chart.addEventListener('focusout', hide);
  chart.addEventListener('keydown', (event) => {
    const at = marks.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: marks.length - 1 }[event.key];
    if (at < 0 || to === undefined || !marks[to]) return;
    event.preventDefault();
    marks[at].setAttribute('tabindex', '-1');
    marks[to].setAttribute('tabindex', '0');
    marks[to].focus();
  });
}
document.addEventListener('keydown', (event) => { if (event.key === 'Escape') hide(); });
document.addEventListener('pointerdown', (event) => { if (!event.target.closest('svg.chart')) hide(); });
addEventListener('scroll', hide, { passive: true, capture: true });
})();
`;
