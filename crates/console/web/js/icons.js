// Icons: strokes on a grid of 20.

import { html } from './deps.js';

const PATHS = {
  home: 'M3 9.5 10 3.5l7 6M5 8v8.5h3.8V12h2.4v4.5H15V8',
  table: 'M3 4.5h14v11H3zM3 8.5h14M8 8.5v7',
  search: 'M9 15a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM13.5 13.5 17 17',
  play: 'M6 4.2v11.6L15.5 10z',
  code: 'M7 6 3 10l4 4M13 6l4 4-4 4',
  terminal: 'M4 5.5 8.5 10 4 14.5M10 15h6',
  chart: 'M3 3.5v13h14M6 13l3.2-4.2 2.6 2.4L16.5 6',
  bell: 'M5.5 14V9.2a4.5 4.5 0 0 1 9 0V14l1.5 1.5H4zM8.5 17.5h3',
  archive: 'M3 4h14v3.5H3zM4.3 7.5v8.5h11.4V7.5M8 10.8h4',
  swap: 'M4 7.5h12l-3-3M16 12.5H4l3 3',
  users: 'M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 16.5c0-3 2.2-4.6 5-4.6s5 1.6 5 4.6M13 4a3 3 0 0 1 0 5.5M14.5 12.2c1.9.6 3 2.1 3 4.3',
  shield: 'M10 2.8 16 5v4.6c0 3.6-2.4 6.3-6 7.6-3.6-1.3-6-4-6-7.6V5z',
  gear: 'M10 12.7a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4zM10 2.8v2M10 15.2v2M17.2 10h-2M4.8 10h-2M15.1 4.9l-1.4 1.4M6.3 13.7l-1.4 1.4M15.1 15.1l-1.4-1.4M6.3 6.3 4.9 4.9',
  plus: 'M10 4v12M4 10h12', minus: 'M4 10h12', close: 'M5 5l10 10M15 5 5 15', check: 'M4 10.5 8.2 14.7 16 6',
  refresh: 'M16 6.5A6.8 6.8 0 0 0 3.4 8.6M16.5 3.2V7h-3.8M4 13.5a6.8 6.8 0 0 0 12.6-2.1M3.5 16.8V13h3.8',
  trash: 'M4 5.8h12M8 5.8V3.8h4v2M5.5 5.8l.8 10.7h7.4l.8-10.7M8.4 8.8v4.8M11.6 8.8v4.8',
  copy: 'M7.5 7.5h9v9h-9zM12.5 7.5v-4h-9v9h4', edit: 'M3.5 16.5l.8-3.6L13.4 3.8l2.8 2.8-9.1 9.1zM11.5 5.7l2.8 2.8',
  down: 'M5 7.5l5 5 5-5', right: 'M7.5 5l5 5-5 5', left: 'M12.5 5l-5 5 5 5', up: 'M5 12.5l5-5 5 5',
  sun: 'M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM10 2v2M10 16v2M18 10h-2M4 10H2M15.6 4.4l-1.4 1.4M5.8 14.2l-1.4 1.4M15.6 15.6l-1.4-1.4M5.8 5.8 4.4 4.4',
  moon: 'M16.5 11.8A6.8 6.8 0 0 1 8.2 3.5a6.8 6.8 0 1 0 8.3 8.3z',
  warn: 'M10 3 18 16.5H2zM10 8v4M10 14.2v.3', info: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 9v4.5M10 6.5v.3',
  menu: 'M3 5.5h14M3 10h14M3 14.5h14', download: 'M10 3v9.5M6 9l4 4 4-4M3.5 16.5h13', upload: 'M10 13V3.5M6 7l4-4 4 4M3.5 16.5h13',
  key: 'M7 12.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM10.2 10l6.3 6M13.5 13l1.8-1.8', lock: 'M5 9h10v7.5H5zM7 9V6.8a3 3 0 0 1 6 0V9',
  stream: 'M3 6c2.3-2 4.7-2 7 0s4.7 2 7 0M3 10.5c2.3-2 4.7-2 7 0s4.7 2 7 0M3 15c2.3-2 4.7-2 7 0s4.7 2 7 0',
  history: 'M3.2 10a6.8 6.8 0 1 0 2.2-5L3.2 7M3.2 3.2V7H7M10 6.3V10l2.8 1.8', exit: 'M8 3.5H4v13h4M12.5 6.5 16 10l-3.5 3.5M16 10H7.5',
  pause: 'M7 4.5v11M13 4.5v11', globe: 'M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM3 10h14M10 3c2.4 2.2 2.4 11.800 0 14M10 3c-2.400 2.200-2.400 11.800 0 14', bolt: 'M11 2.800 4.500 11.500H9.500L9 17.200 15.500 8.500H10.500z',
  more: 'M4.500 10h.1M10 10h.1M15.500 10h.1', sidebar: 'M3 4h14v12H3zM8 4v12', star: 'M10 3l2.100 4.600 5 .5-3.800 3.300 1.100 4.900L10 13.700l-4.400 2.600 1.100-4.900L2.900 8.100l5-.5z', external: 'M11 3.500h5.500V9M16.500 3.500 9 11M14 11.500v5H3.500V6h5',
};

export function Icon({ name, size = 18, label }) {
  return html`<svg class="icon" width=${size} height=${size} viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6"
    stroke-linecap="round" stroke-linejoin="round" role=${label ? 'img' : undefined} aria-label=${label} aria-hidden=${label ? undefined : 'true'}><path d=${PATHS[name] ?? PATHS.info} /></svg>`;
}

export function Logo({ size = 28 }) {
  return html`<svg class="logo" width=${size} height=${size} viewBox="0 0 32 32" aria-hidden="true">
    <circle class="logo-ring" cx="16" cy="16" r="11" fill="none" stroke-width="5" stroke-dasharray="5.6 3.0394" /><circle class="logo-core" cx="16" cy="16" r="3.8" /></svg>`;
}
