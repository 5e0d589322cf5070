// What is around each page: navigation, the caller, warnings, shortcuts; and the form to sign in.

import { html, signal, useEffect, useRef, useState } from './deps.js';
import { Icon, Logo } from './icons.js';
import { dynamodb, pages, sts } from './api.js';
import { askedToSignIn, change, config, keys, readOnly, region, settings, signIn, signOut } from './session.js';
import { go, href, route } from './router.js';
import { Button, Check, Choice, Dialog, Fault, Menu, Notice, Text, toast, useAction, useLoad } from './ui.js';
import { theme } from './theme.js';

const NAVIGATION = [
  [null, [['', 'Overview', 'home']]],
  ['Data', [['tables', 'Tables', 'table'], ['explore', 'Explore items', 'search'], ['partiql', 'PartiQL', 'terminal']]],
  ['Operate', [['metrics', 'Metrics', 'chart'], ['alarms', 'Alarms', 'bell'], ['insights', 'Insights', 'bolt'], ['backups', 'Backups', 'archive'], ['transfers', 'Import and export', 'swap'], ['triggers', 'Triggers', 'stream'], ['dax', 'DAX', 'star']]],
  ['Access', [['identity', 'Identity', 'users'], ['activity', 'Activity', 'history'], ['settings', 'Settings', 'gear']]],
];

/** The dialog that is open above all pages. */
const open = signal(null);
const loopback = /^(localhost|.*\.localhost|127(\.\d+){3}|\[::1\])$/.test(location.hostname);
const insecure = location.protocol === 'http:' && !loopback;

export function Shell({ children }) {
  const [menu, setMenu] = useState(false);
  useShortcuts();
  useEffect(() => setMenu(false), [route.value]);
  return html`<a class="skip" href="#title" onClick=${(event) => { event.preventDefault(); document.getElementById('title')?.focus(); }}>Skip to the content</a>
    <div class=${menu ? 'shell menu-open' : 'shell'}>
      <aside class="side" aria-label="Console"><div class="side-head"><a class="brand" href="#/" aria-label="Stator, overview"><${Logo} /><span>Stator</span></a>
          <${Button} kind="quiet" class="menu-button" icon=${menu ? 'close' : 'menu'} label="Navigation" aria-expanded=${menu} onClick=${() => setMenu(!menu)} /></div>
        <div class="side-body"><button type="button" class="jump" onClick=${() => { open.value = 'jump'; }}><${Icon} name="search" size="16" /><span>Jump to…</span><kbd>/</kbd></button>
          <nav aria-label="Pages">${NAVIGATION.map(([title, entries]) => html`<div class="nav-group" key=${title}>${title && html`<h2>${title}</h2>`}<ul>${entries.map(([path, text, icon]) =>
            html`<li key=${path}><a href=${href(path)} aria-current=${(route.value.path[0] ?? '') === path ? 'page' : undefined}><${Icon} name=${icon} />${text}</a></li>`)}</ul></div>`)}</nav>
          <${Caller} /></div></aside>
      <main id="main"><${Banners} />${children}</main></div>
    ${open.value === 'jump' && html`<${Jump} onClose=${() => { open.value = null; }} />`}${open.value === 'help' && html`<${Help} onClose=${() => { open.value = null; }} />`}${open.value === 'role' && html`<${AssumeRole} onClose=${() => { open.value = null; }} />`}`;
}

function Caller() {
  const known = config.value.callers !== 'any', regions = config.value.regions ?? [];
  return html`<div class="caller"><div class="caller-text"><span class="caller-name" title=${keys.value?.name}>${known ? keys.value?.name : 'No authentication'}</span><span class="caller-place"><${Icon} name="globe" size="13" />${location.host} · ${regions.length > 1 ? html`<select class="region" aria-label="Region" onChange=${(event) => change({ region: event.currentTarget.value })}>${regions.map((name) => html`<option key=${name} value=${name} selected=${name === region.value}>${name}</option>`)}</select>` : region.value}</span></div>
    <div class="caller-actions"><${Button} kind="quiet" icon=${theme.value === 'dark' ? 'sun' : 'moon'} label=${theme.value === 'dark' ? 'Light theme' : 'Dark theme'} onClick=${() => change({ theme: theme.value === 'dark' ? 'light' : 'dark' })} />
    ${known && html`<${Menu} label="Account" kind="quiet" icon="key" items=${[config.value.callers === 'identities' && ['Switch role…', () => { open.value = 'role'; }], keys.value?.base && ['Back to my own keys', () => signIn(keys.value.base)], ['Sign out', signOut]]} />`}</div></div>`;
}

function Banners() {
  return html`${config.value.callers === 'any' && !settings.value.hideOpen && html`<${Notice} kind="warn" title="This server checks no callers." actions=${html`<${Button} kind="quiet" icon="close" label="Hide this notice" onClick=${() => change({ hideOpen: true })} />`}>Every client that reaches it can read and write everything. That is fine on your own machine; elsewhere, start it with <code>--auth</code>.<//>`}
    ${insecure && html`<${Notice} kind="warn" title="The connection is not encrypted.">Everybody on the network path can read what you see here. Start the server with <code>--tls-certificate</code>.<//>`}
    ${readOnly.value && html`<${Notice} kind="info" title="Read-only">This console sends no request that changes something.<//>`}`;
}

const SHORTCUTS = [['g o', 'Overview', ''], ['g t', 'Tables', 'tables'], ['g e', 'Explore items', 'explore'], ['g p', 'PartiQL', 'partiql'], ['g m', 'Metrics', 'metrics'], ['g b', 'Backups', 'backups'], ['g i', 'Identity', 'identity'], ['g s', 'Settings', 'settings']];

function useShortcuts() {
  useEffect(() => {
    let prefix = 0;
    const pressed = (event) => {
      const field = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.target.isContentEditable;
      if (field || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
      const found = Date.now() - prefix < 1200 && SHORTCUTS.find(([chord]) => chord === `g ${event.key}`);
      if (found) { prefix = 0; event.preventDefault(); go(found[2]); } else if (event.key === 'g') prefix = Date.now();
      else if (event.key === '/') { event.preventDefault(); open.value = 'jump'; } else if (event.key === '?') open.value = 'help';
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
}

function Help({ onClose }) {
  const rows = [['/', 'Jump to a table or page'], ...SHORTCUTS.map(([chord, text]) => [chord, text]), ['Ctrl Enter', 'Run the query, or save the item'], ['Esc', 'Close'], ['?', 'This list']];
  return html`<${Dialog} title="Keyboard" onClose=${onClose}><dl class="shortcuts">${rows.map(([chord, text]) => html`<div key=${chord}><dt>${chord.split(' ').map((key) => html`<kbd>${key}</kbd>`)}</dt><dd>${text}</dd></div>`)}</dl><//>`;
}

function Jump({ onClose }) {
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const tables = useLoad(() => pages((body) => dynamodb('ListTables', body), {}, 'TableNames', ['LastEvaluatedTableName', 'ExclusiveStartTableName']), []);
  const places = NAVIGATION.flatMap(([, entries]) => entries.map(([path, name, icon]) => ({ name, icon, to: href(path), kind: 'Page' })));
  const found = (tables.data ?? []).flatMap((name) => [{ name, icon: 'table', to: href('tables', name, 'items'), kind: 'Items' }]);
  const all = [...found, ...places].filter((entry) => entry.name.toLowerCase().includes(text.trim().toLowerCase())).slice(0, 12);
  const chosen = Math.min(at, all.length - 1);
  const choose = (entry) => { if (entry) { location.hash = entry.to; onClose(); } };
  const pressed = (event) => {
    if (event.key === 'ArrowDown') { event.preventDefault(); setAt(Math.min(chosen + 1, all.length - 1)); }
    if (event.key === 'ArrowUp') { event.preventDefault(); setAt(Math.max(chosen - 1, 0)); }
  };
  return html`<${Dialog} title="Jump to" onClose=${onClose} onSubmit=${() => choose(all[chosen])}>
    <input class="input" role="combobox" aria-expanded="true" aria-controls="jump-list" aria-activedescendant=${all.length ? `jump-${chosen}` : undefined} aria-label="Table or page" placeholder="Table or page" autofocus autocomplete="off" value=${text} onInput=${(event) => { setText(event.currentTarget.value); setAt(0); }} onKeyDown=${pressed} />
    <ul class="jump-list" id="jump-list" role="listbox" aria-label="Tables and pages">${all.map((entry, i) => html`<li key=${entry.kind + entry.name} id=${`jump-${i}`} role="option" aria-selected=${i === chosen ? 'true' : 'false'} onClick=${() => choose(entry)}><${Icon} name=${entry.icon} /><span>${entry.name}</span><em>${entry.kind}</em></li>`)}</ul>
    ${!all.length && html`<p class="hint">Nothing has this name.</p>`}<//>`;
}

/** The form to sign in; with `again`, above the page that asked. */
export function SignIn({ again }) {
  const identities = config.value.callers === 'identities';
  const [form, setForm] = useState({ id: '', secret: '', token: '', stay: false, sure: !insecure });
  const [more, setMore] = useState(false);
  const set = (name) => (value) => setForm((before) => ({ ...before, [name]: value }));
  const [run, busy, error] = useAction(async () => {
    const own = { accessKeyId: form.id.trim(), secretAccessKey: form.secret.trim(), ...(form.token.trim() ? { sessionToken: form.token.trim() } : {}) };
    const found = await verified(own), stored = form.stay && (own.sessionToken ? found : await temporary(found));
    const waiting = askedToSignIn.value;
    signIn(found, stored);
    waiting?.done();
    toast(`Signed in as ${found.name}`);
  });
  const ready = form.id.trim() && form.secret.trim() && form.sure;
  const fields = html`${insecure && html`<${Notice} kind="warn" title="This connection is not encrypted."><${Check} label="I know that others on the network can read what I do" checked=${form.sure} onChange=${set('sure')} /><//>`}
    <${Text} label="Access key ID" value=${form.id} onChange=${set('id')} mono autofocus autocomplete="username" /><${Text} label="Secret access key" type="password" value=${form.secret} onChange=${set('secret')} mono autocomplete="off" hint="It signs requests in this page, and is neither stored nor sent." />
    ${more ? html`<${Text} label="Session token" optional value=${form.token} onChange=${set('token')} mono />` : html`<button type="button" class="text-button" onClick=${() => setMore(true)}>I have a session token</button>`}
    ${(identities || more) && html`<${Check} label="Stay signed in for this tab" hint="Temporary keys are stored in the tab until it is closed." checked=${form.stay} onChange=${set('stay')} />`}<${Fault} error=${error} />`;
  if (again) return html`<${Dialog} title="Sign in again" lead=${askedToSignIn.value.message} onSubmit=${() => ready && run()} onClose=${() => { askedToSignIn.value = null; signOut(); }} actions=${html`<${Button} kind="primary" type="submit" busy=${busy} disabled=${!ready}>Sign in<//>`}>${fields}<//>`;
  return html`<main class="sign-in"><div class="sign-in-art" aria-hidden="true"><${Logo} size="420" /></div><form class="sign-in-form" onSubmit=${(event) => { event.preventDefault(); if (ready) run(); }}><div class="brand"><${Logo} size="36" /><span>Stator</span></div><h1 id="title">Sign in</h1><p class="lead">${identities ? 'With the access key of a user or of the root.' : 'With an access key of this server.'} <span class="mono">${location.host}</span></p>${fields}<${Button} kind="primary" type="submit" class="block" busy=${busy} disabled=${!ready}>Sign in<//></form></main>`;
}

/** The caller of the keys, as the server knows it. */
async function verified(own) {
  const who = await sts('GetCallerIdentity', {}, { keys: own });
  return { ...own, name: String(who.Arn ?? own.accessKeyId).split(':').slice(5).join(':') || own.accessKeyId, arn: who.Arn };
}

/** Temporary keys of the same caller. IAM refuses them, as on AWS: its pages ask for the access key after a reload. */
async function temporary(found) {
  const { Credentials: made } = await sts('GetSessionToken', { DurationSeconds: String(found.arn ?? '').endsWith(':root') ? 3600 : 43200 }, { keys: found });
  return { accessKeyId: made.AccessKeyId, secretAccessKey: made.SecretAccessKey, sessionToken: made.SessionToken, expires: Date.parse(made.Expiration), name: found.name, arn: found.arn };
}

function AssumeRole({ onClose }) {
  const [role, setRole] = useState('');
  const [duration, setDuration] = useState('3600');
  const [run, busy, error] = useAction(async () => {
    const { Credentials: found, AssumedRoleUser: user } = await sts('AssumeRole', { RoleArn: role.trim(), RoleSessionName: 'console', DurationSeconds: Number(duration) });
    signIn({ accessKeyId: found.AccessKeyId, secretAccessKey: found.SecretAccessKey, sessionToken: found.SessionToken, expires: Date.parse(found.Expiration), name: user.Arn.split(':').slice(5).join(':'), arn: user.Arn, base: keys.value.base ?? keys.value });
    onClose();
    toast('You have the permissions of the role now');
  });
  return html`<${Dialog} title="Switch role" lead="Requests are signed with the role's temporary keys from then on." onClose=${onClose} onSubmit=${run} actions=${html`<${Button} onClick=${onClose}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy} disabled=${!role.trim()}>Switch<//>`}>
    <${Text} label="ARN of the role" value=${role} onChange=${setRole} placeholder="arn:aws:iam::123456789012:role/reader" mono autofocus /><${Choice} label="Duration" value=${duration} options=${[['900', '15 minutes'], ['3600', '1 hour'], ['14400', '4 hours']]} onChange=${setDuration} /><${Fault} error=${error} /><//>`;
}
