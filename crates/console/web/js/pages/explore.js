// Explore items, of any table: a choice of the table in front of the form.

import { html } from '../deps.js';
import { region } from '../session.js';
import { go, href } from '../router.js';
import { describe, tableNames } from '../tables_data.js';
import { Card, Choice, Empty, LinkButton, Loaded, Page, useLoad } from '../ui.js';
import { Explorer } from './explorer.js';

export function Explore({ path, query }) {
  const names = useLoad(tableNames, [region.value]);
  const name = path[0] ?? names.data?.[0];
  return html`<${Page} title="Explore items" wide actions=${name && html`<${Choice} class="pick-table" label="Table" value=${name} options=${names.data ?? [name]} onChange=${(next) => go('explore', next)} />`}>
    <${Loaded} of=${names}>${(all) => !all.length ? html`<${Card}><${Empty} icon="search" title="No table to explore" actions=${html`<${LinkButton} kind="primary" icon="plus" href=${href('tables', { create: 1 })}>Create table<//>`} /><//>` : html`<${OfTable} key=${name} name=${name} query=${query} />`}<//><//>`;
}

function OfTable({ name, query }) {
  const table = useLoad(() => describe(name), [name]);
  return html`<${Loaded} of=${table}>${(found) => html`<${Explorer} table=${found} query=${query} />`}<//>`;
}
