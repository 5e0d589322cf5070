// Backups of all tables, those included that are deleted.

import { html } from '../deps.js';
import { Page } from '../ui.js';
import { BackupList } from './table_backups.js';

export function Backups() {
  return html`<${Page} title="Backups" lead="Of all tables. A backup outlives its table."><${BackupList} /><//>`;
}
