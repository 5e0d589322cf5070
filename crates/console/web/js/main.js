// The start: what the server is, then the page that the address names. Pages are loaded when they are first opened.

import { Component, html, render, signal, useEffect, useState } from './deps.js';
import { config, loadConfig, needsSignIn, askedToSignIn } from './session.js';
import { entryOf, route } from './router.js';
import { Shell, SignIn } from './shell.js';
import { Empty, LinkButton, Notice, Skeleton, Toasts, Button } from './ui.js';
import { applyTheme } from './theme.js';

const PAGES = {
  '': ['overview', 'Overview'],
  tables: ['tables', 'Tables'],
  explore: ['explore', 'Explore'],
  partiql: ['partiql', 'PartiQL'],
  metrics: ['metrics', 'Metrics'],
  alarms: ['alarms', 'Alarms'],
  backups: ['backups', 'Backups'],
  transfers: ['transfers', 'Transfers'],
  insights: ['insights', 'Insights'],
  triggers: ['triggers', 'Triggers'],
  identity: ['identity', 'Identity'],
  dax: ['dax', 'Dax'],
  activity: ['activity', 'Activity'],
  settings: ['settings', 'Settings'],
};
const loaded = signal({});

/** Shows a page's error in its place, so that the rest of the console goes on. Another address is another attempt. */
class Guard extends Component {
  constructor() {
    super();
    this.state = { error: null };
  }

  componentDidCatch(error) {
    this.setState({ error, at: this.props.at });
  }

  render({ at, children }, { error, at: failed }) {
    if (!error || at !== failed) return children;
    return html`<div class="page"><h1 id="title" tabindex="-1">The page failed</h1><${Notice} kind="bad" title="The page failed"
      actions=${html`<${Button} icon="refresh" onClick=${() => this.setState({ error: null })}>Try again<//>`}>${String(error.message ?? error)}<//></div>`;
  }
}

function load(name) {
  const [file, component] = PAGES[name];
  if (loaded.value[name]) return;
  import(`./pages/${file}.js`).then(
    (module) => { loaded.value = { ...loaded.value, [name]: { show: module[component] } }; },
    (error) => { loaded.value = { ...loaded.value, [name]: { error } }; },
  );
}

function CurrentPage() {
  const { path, query } = route.value;
  const name = path[0] ?? '';
  useEffect(() => { if (entryOf(PAGES, name)) load(name); }, [name]);
  useEffect(() => {
    // A new page is read from its title; the first one is read as any document.
    if (CurrentPage.before !== undefined && CurrentPage.before !== path.join('/')) {
      scrollTo(0, 0);
      requestAnimationFrame(() => { if (document.activeElement === document.body || document.activeElement?.tagName === 'A') document.getElementById('title')?.focus({ preventScroll: true }); });
    }
    CurrentPage.before = path.join('/');
  }, [path.join('/')]);
  if (!entryOf(PAGES, name)) return html`<div class="page"><h1 id="title" tabindex="-1">No such page</h1><${Empty} icon="search" title="This address leads nowhere" actions=${html`<${LinkButton} kind="primary" href="#/">To the overview<//>`}>It may be of another version of the console.<//></div>`;
  const page = loaded.value[name];
  if (page?.error) return html`<div class="page"><h1 id="title" tabindex="-1">The page could not be loaded</h1><${Notice} kind="bad" title="The page could not be loaded" actions=${html`<${Button} icon="refresh" onClick=${() => location.reload()}>Reload<//>`}>The server may have been restarted with another version.<//></div>`;
  if (!page) return html`<div class="page"><${Skeleton} /></div>`;
  return html`<${Guard} at=${location.hash}><${page.show} path=${path.slice(1)} query=${query} /><//>`;
}

function App() {
  const [fault, setFault] = useState(null);
  useEffect(() => { loadConfig().catch(setFault); }, []);
  if (fault) return html`<main class="alone"><h1>The server does not answer</h1><${Notice} kind="bad" title="The console could not reach its server" actions=${html`<${Button} icon="refresh" onClick=${() => location.reload()}>Try again<//>`}>${fault.message}<//></main>`;
  if (!config.value) return html`<div class="alone"><${Skeleton} rows="3" /></div>`;
  if (needsSignIn.value && !askedToSignIn.value) return html`<${SignIn} /><${Toasts} />`;
  return html`<${Shell}><${CurrentPage} /><//><${Toasts} />${askedToSignIn.value && html`<${SignIn} again />`}`;
}

applyTheme();
render(html`<${App} />`, document.getElementById('app'));
