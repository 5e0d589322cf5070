// One table: items, settings, indexes, stream, backups, permissions and deliveries, each at an address of its own.

import { html, useState } from '../deps.js';
import { dynamodb } from '../api.js';
import { readOnly, region } from '../session.js';
import { entryOf, go, href } from '../router.js';
import { describe, settled } from '../tables_data.js';
import { indexesOf } from '../request.js';
import { Badge, Card, ConfirmName, Empty, Fault, LinkButton, Menu, Page, Skeleton, Tabs, toast, useEvery, useLoad } from '../ui.js';
import { Explorer } from './explorer.js';
import { ItemPage } from './item.js';
import { Settings } from './table_settings.js';
import { Indexes } from './table_indexes.js';
import { Stream } from './table_stream.js';
import { TableBackups } from './table_backups.js';
import { Deliveries, Permissions } from './table_access.js';
import { TableMetrics } from './metrics.js';
import { Replicas } from './table_replicas.js';

const TABS = { items: Explorer, indexes: Indexes, stream: Stream, backups: TableBackups, metrics: TableMetrics, replicas: Replicas, deliveries: Deliveries, permissions: Permissions, settings: Settings };

export function TablePage({ name, tab, query }) {
  const loaded = useLoad(() => describe(name), [name, region.value]);
  const [deleting, setDeleting] = useState(false);
  const table = loaded.data;
  const changing = table && (table.TableStatus !== 'ACTIVE' || (table.GlobalSecondaryIndexes ?? []).some((index) => index.IndexStatus !== 'ACTIVE'));
  useEvery(changing ? 1500 : 0, () => loaded.reload(true), [changing]);
  const crumbs = html`<a href=${href('tables')}>Tables</a>`;
  if (loaded.error && !table) {
    const missing = loaded.error.name === 'ResourceNotFoundException';
    return html`<${Page} title=${name} above=${crumbs}><${Card}>${missing ? html`<${Empty} icon="search" title="There is no such table" actions=${html`<${LinkButton} kind="primary" href=${href('tables')}>All tables<//>`}>It may be in another region, or be deleted.<//>` : html`<${Fault} error=${loaded.error} retry=${() => loaded.reload()} />`}<//><//>`;
  }
  if (!table) return html`<${Page} title=${name} above=${crumbs}><${Skeleton} rows="8" /><//>`;
  if (tab === 'item' || tab === 'new') return html`<${ItemPage} table=${table} isNew=${tab === 'new'} query=${query} />`;
  const at = (key) => href('tables', name, key);
  const Shown = entryOf(TABS, tab) ?? Explorer;
  const items = [['Explore in PartiQL', null, false, href('partiql', { q: `SELECT * FROM "${name}"` })], ['Reload the description', () => loaded.reload()], !readOnly.value && ['Delete table…', () => setDeleting(true), true]];
  return html`<${Page} title=${name} wide=${tab === 'items'} above=${crumbs} badge=${html`<${Badge}>${table.TableStatus}<//>`} actions=${html`<${Menu} label="Actions on the table" items=${items}>Actions<//>`}>
    <${Tabs} label="Of the table" at=${tab} tabs=${[['items', 'Items', at('items')], ['indexes', 'Indexes', at('indexes'), indexesOf(table).length], ['stream', 'Stream', at('stream')], ['backups', 'Backups', at('backups')], ['metrics', 'Metrics', at('metrics')], ['replicas', 'Replicas', at('replicas')], ['deliveries', 'Deliveries', at('deliveries')], ['permissions', 'Permissions', at('permissions')], ['settings', 'Settings', at('settings')]]} />
    <${Shown} table=${table} query=${query} reload=${loaded.reload} />
    ${deleting && html`<${ConfirmName} title=${`Delete ${name}?`} name=${name} onClose=${(done) => { setDeleting(false); if (done) go('tables'); }} action=${async () => { await dynamodb('DeleteTable', { TableName: name }); await settled(name, { gone: true, timeout: 20000 }); toast(`${name} is deleted`); }}><p>All items, indexes and settings are deleted, and cannot be brought back without a backup.</p><//>`}<//>`;
}

