// Which server, and as which caller. The secret of an access key is in the page's memory, and nowhere else. With "stay signed in for this
// tab" the temporary keys of a session are in sessionStorage, which ends with the tab.

import { computed, signal } from './deps.js';

const STORED = 'stator.session';
const SETTINGS = 'stator.settings';

/** What config.json says: version, region, callers (any, keys, identities), isolated, readOnly. */
export const config = signal(null);

/** { accessKeyId, secretAccessKey, sessionToken, expires, name, base } of the caller, or nothing. */
export const keys = signal(null);

/** Set when a request was refused for its caller: the page asks for keys and tries again. */
export const askedToSignIn = signal(null);

export const settings = signal({ theme: 'system', density: 'comfortable', timeZone: 'local', region: '', history: true, pageSize: 100, ...read(localStorage, SETTINGS) });

export const region = computed(() => settings.value.region || config.value?.region || 'us-east-1');
export const readOnly = computed(() => Boolean(config.value?.readOnly));
export const needsSignIn = computed(() => config.value && config.value.callers !== 'any' && !keys.value);

function read(storage, name) {
  try {
    return JSON.parse(storage.getItem(name)) ?? {};
  } catch {
    return {};
  }
}

export function change(changed) {
  settings.value = { ...settings.value, ...changed };
  localStorage.setItem(SETTINGS, JSON.stringify(settings.value));
}

export async function loadConfig() {
  const response = await fetch('config.json', { cache: 'no-store' });
  if (!response.ok) throw new Error(`config.json: ${response.status}`);
  config.value = await response.json();
  if (config.value.callers === 'any') {
    // Any key is taken; with tables of their own for each account, its name decides whose.
    keys.value = { accessKeyId: settings.value.accessKeyId || 'console', secretAccessKey: 'console', name: settings.value.accessKeyId || 'console' };
    return;
  }
  const stored = read(sessionStorage, STORED);
  if (stored.accessKeyId && (!stored.expires || stored.expires > Date.now())) keys.value = stored;
}

/** `stored` are temporary keys of the same caller, for this tab. */
export function signIn(found, stored) {
  keys.value = found;
  askedToSignIn.value = null;
  if (stored) sessionStorage.setItem(STORED, JSON.stringify(stored));
  else sessionStorage.removeItem(STORED);
}

export function signOut() {
  keys.value = null;
  sessionStorage.removeItem(STORED);
}
