// Lines over time. The library of plots is loaded with the first one; small ones are drawn here.

import { html, useEffect, useRef, useState } from './deps.js';
import { theme } from './theme.js';

export function Sparkline({ values, label }) {
  const known = (values ?? []).filter((value) => value !== null);
  if (!known.length) return html`<svg class="spark" viewBox="0 0 100 40" role="img" aria-label=${`${label}: no data`} />`;
  const max = Math.max(...known, 1e-9);
  const points = values.map((value, i) => [(i * 100) / (values.length - 1), 39 - ((value ?? 0) / max) * 34]);
  const line = points.map(([x, y], i) => `${i ? 'L' : 'M'}${x.toFixed(2)} ${y.toFixed(2)}`).join('');
  return html`<svg class="spark" viewBox="0 0 100 40" preserveAspectRatio="none" role="img" aria-label=${`${label}: at most ${max.toPrecision(3)}`}><path class="fill" d=${`${line}L100 40L0 40Z`} /><path d=${line} /></svg>`;
}

const figure = (value) => (value === null || value === undefined ? '–' : value >= 1e6 ? `${(value / 1e6).toPrecision(3)} M` : value >= 1e4 ? `${(value / 1e3).toPrecision(3)} k` : value === 0 ? '0' : value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString());

let library;

function loadLibrary() {
  const sheet = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: new URL('../vendor/uplot.css', import.meta.url).href });
  document.head.append(sheet);
  return import('../vendor/uplot.js');
}

/** `times` in seconds; `lines`: [{ name, values }]. */
export function Plot({ title, unit, times, lines }) {
  const box = useRef(), plot = useRef();
  const [at, setAt] = useState(null);
  const isEmpty = !lines.some((line) => line.values.some((value) => value !== null));
  useEffect(() => {
    if (isEmpty) return undefined;
    let dropped = false;
    library ??= loadLibrary();
    library.then(({ default: UPlot }) => {
      if (dropped || !box.current) return;
      const style = getComputedStyle(document.documentElement), colour = (name) => style.getPropertyValue(name).trim();
      const axis = { stroke: colour('--faint'), font: `11px ${style.getPropertyValue('--sans')}`, grid: { stroke: colour('--line'), width: 1 }, ticks: { show: false } };
      const options = {
        width: box.current.clientWidth, height: 190, legend: { show: false }, padding: [8, 18, 0, 0],
        cursor: { points: { size: 6 }, y: false, drag: { x: false, y: false } },
        scales: { y: { range: (_, __, max) => [0, max > 0 ? max * 1.15 : 1] } },
        axes: [{ ...axis, size: 26, grid: { show: false }, values: (_, ticks) => ticks.map((tick) => new Date(tick * 1000).toTimeString().slice(0, 5)) }, { ...axis, size: 52, values: (_, ticks) => ticks.map(figure) }],
        series: [{}, ...lines.map((_, i) => ({ stroke: colour(`--p${(i % 6) + 1}`), width: 1.6, spanGaps: true, points: { show: (one, index) => one.data[index].filter((value) => value !== null).length < 3, size: 6 }, fill: lines.length === 1 ? `${colour(`--p${i + 1}`)}1c` : undefined }))],
        hooks: { setCursor: [(one) => setAt(one.cursor.idx ?? null)] },
      };
      box.current.replaceChildren();
      plot.current = new UPlot(options, [times, ...lines.map((line) => line.values)], box.current);
    });
    const resized = new ResizeObserver(() => box.current && plot.current?.setSize({ width: box.current.clientWidth, height: 190 }));
    resized.observe(box.current);
    return () => { dropped = true; resized.disconnect(); plot.current?.destroy(); plot.current = null; };
  }, [times, lines, theme.value, isEmpty]);
  const last = (values) => values.reduce((kept, value) => (value === null ? kept : value), null);
  return html`<figure class="plot card"><div class="card-body"><div class="plot-head"><h2>${title}</h2><span class="muted">${at === null || !times[at] ? unit : new Date(times[at] * 1000).toTimeString().slice(0, 5)}</span></div>
    ${isEmpty ? html`<div class="plot-none">None in this time</div>` : html`<div class="plot-box" ref=${box} role="img" aria-label=${`${title}: ${lines.map((line) => `${line.name}, latest ${figure(last(line.values))}`).join('; ')}`} />`}
    <ul class="legend-list">${lines.map((line, i) => html`<li key=${line.name} class=${`c${i % 6}`}><i aria-hidden="true" /><span>${line.name} ${!isEmpty && html`<strong>${figure(at === null ? last(line.values) : line.values[at])}</strong>`}</span></li>`)}</ul></div></figure>`;
}
