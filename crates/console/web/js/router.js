// The address holds the state of a page: `#/tables/music/items?…`. Keys of callers are never in it.

import { signal } from './deps.js';

export const route = signal(read());

/** What a map has under a name of the address, where `constructor` and its like are names as well. */
export function entryOf(map, name) {
  return Object.hasOwn(map, name ?? '') ? map[name ?? ''] : undefined;
}

function read() {
  const [path, search = ''] = location.hash.replace(/^#/, '').split('?');
  return { path: path.split('/').filter(Boolean).map(decode), query: new URLSearchParams(search) };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

addEventListener('hashchange', () => { route.value = read(); });

export function href(...path) {
  const query = typeof path[path.length - 1] === 'object' ? path.pop() : null;
  const search = query ? new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '' && value !== undefined && value !== null)).toString() : '';
  return `#/${path.map(encodeURIComponent).join('/')}${search ? '?' + search : ''}`;
}

export function go(...path) {
  location.hash = href(...path);
}

/** Changes the query of this page. With `replace`, Back leads to the page before it. */
export function setQuery(changed, replace = true) {
  const { path, query } = route.value;
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changed)) {
    if (value === '' || value === undefined || value === null || value === false) next.delete(name);
    else next.set(name, value === true ? '1' : value);
  }
  const target = `#/${path.map(encodeURIComponent).join('/')}${next.toString() ? '?' + next : ''}`;
  if (target === location.hash) return;
  if (replace) {
    history.replaceState(null, '', target);
    route.value = read();
  } else {
    location.hash = target;
  }
}
