// Backups and point-in-time recovery of one table, and the wizard that makes a new table of one.

import { html, useState } from '../deps.js';
import { dynamodb, pages } from '../api.js';
import { readOnly } from '../session.js';
import { go } from '../router.js';
import { bytes } from '../value.js';
import { Badge, Button, Card, Check, Choice, Confirm, Dialog, Empty, Fault, KeyValues, Loaded, Menu, Segments, Table, Text, Time, toast, useAction, useEvery, useLoad } from '../ui.js';
import { named } from './create_table.js';

export const backupsOf = (TableName) => pages((body) => dynamodb('ListBackups', body), TableName ? { TableName } : {}, 'BackupSummaries', ['LastEvaluatedBackupArn', 'ExclusiveStartBackupArn']);

export function TableBackups({ table }) {
  return html`<div class="stack"><${Recovery} table=${table} /><${BackupList} name=${table.TableName} /></div>`;
}

export function BackupList({ name }) {
  const found = useLoad(() => backupsOf(name), [name]);
  const [making, setMaking] = useState(false);
  const [restoring, setRestoring] = useState(null);
  const [deleting, setDeleting] = useState(null);
  const [shown, setShown] = useState(null);
  useEvery(found.data?.some((backup) => backup.BackupStatus === 'CREATING') ? 1500 : 0, () => found.reload(true), [found.data]);
  const columns = [
    { key: 'name', title: 'Backup', class: 'name-cell', sort: (backup) => backup.BackupName, show: (backup) => html`<button type="button" class="cell-button" onClick=${() => setShown(backup)}>${backup.BackupName}</button>` }, ...(name ? [] : [{ key: 'table', title: 'Table', sort: (backup) => backup.TableName, show: (backup) => backup.TableName }]),
    { key: 'status', title: 'Status', show: (backup) => html`<${Badge} kind=${backup.BackupStatus === 'AVAILABLE' ? 'good' : undefined}>${backup.BackupStatus}<//>` }, { key: 'type', title: 'Type', show: (backup) => ({ USER: 'On demand', SYSTEM: 'System', AWS_BACKUP: 'AWS Backup' })[backup.BackupType] ?? backup.BackupType },
    { key: 'created', title: 'Created', sort: (backup) => backup.BackupCreationDateTime, show: (backup) => html`<${Time} of=${backup.BackupCreationDateTime} />` }, { key: 'size', title: 'Size', number: true, show: (backup) => bytes(backup.BackupSizeBytes) },
    { key: 'x', title: '', class: 'actions-cell', show: (backup) => !readOnly.value && html`<${Menu} label=${`Actions on ${backup.BackupName}`} kind="quiet" items=${[['Restore…', () => setRestoring({ backup })], backup.BackupType === 'USER' && ['Delete…', () => setDeleting(backup), true]]} />` },
  ];
  return html`<${Card} flush title="Backups" actions=${!readOnly.value && name && html`<${Button} icon="plus" onClick=${() => setMaking(true)}>Create backup<//>`}>
    <${Loaded} of=${found}>${(backups) => html`<${Table} caption="Backups" rows=${[...backups].reverse()} of=${(backup) => backup.BackupArn} columns=${columns} empty=${html`<${Empty} icon="archive" title="No backup yet">A backup has a table as it is at one moment, and stays until it is deleted.<//>`} />`}<//>
    ${making && html`<${CreateBackup} name=${name} onClose=${(done) => { setMaking(false); if (done) found.reload(); }} />`}${restoring && html`<${Restore} from=${restoring} onClose=${() => setRestoring(null)} />`}
    ${deleting && html`<${Confirm} title=${`Delete the backup ${deleting.BackupName}?`} label="Delete" danger onClose=${(done) => { setDeleting(null); if (done) found.reload(); }} action=${async () => { await dynamodb('DeleteBackup', { BackupArn: deleting.BackupArn }); toast('The backup is deleted'); }}><p>It cannot be brought back.</p><//>`}
    ${shown && html`<${BackupDetail} backup=${shown} onClose=${() => setShown(null)} />`}<//>`;
}

function BackupDetail({ backup, onClose }) {
  const found = useLoad(async () => (await dynamodb('DescribeBackup', { BackupArn: backup.BackupArn })).BackupDescription, [backup.BackupArn]);
  return html`<${Dialog} wide title=${backup.BackupName} onClose=${onClose}><${Loaded} of=${found}>${({ BackupDetails: of, SourceTableDetails: source }) => html`<${KeyValues} columns="2" of=${[['ARN', html`<span class="mono">${of.BackupArn}</span>`], ['Status', html`<${Badge} kind="good">${of.BackupStatus}<//>`], ['Table', source?.TableName], ['Items', source?.ItemCount], ['Size', bytes(of.BackupSizeBytes)], ['Expires', of.BackupExpiryDateTime ? html`<${Time} of=${of.BackupExpiryDateTime} />` : 'never']]} />`}<//><//>`;
}

export function CreateBackup({ name, onClose }) {
  const [text, setText] = useState(`${name}-${new Date().toISOString().slice(0, 16).replace(/[:T]/g, '-')}`);
  const [run, busy, error] = useAction(async () => { await dynamodb('CreateBackup', { TableName: name, BackupName: text }); toast('The backup is being made'); onClose(true); });
  return html`<${Dialog} title="Create backup" lead="What was written until now is in it. Writes go on meanwhile." onClose=${() => onClose(false)} onSubmit=${run} actions=${html`<${Button} onClick=${() => onClose(false)}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy} disabled=${!text}>Create<//>`}><${Text} label="Name" value=${text} onChange=${setText} autofocus /><${Fault} error=${error} /><//>`;
}

function Recovery({ table }) {
  const TableName = table.TableName;
  const found = useLoad(async () => (await dynamodb('DescribeContinuousBackups', { TableName })).ContinuousBackupsDescription.PointInTimeRecoveryDescription, [TableName]);
  const [days, setDays] = useState('35');
  const [restoring, setRestoring] = useState(false);
  const [run, busy, error] = useAction(async (on) => { await dynamodb('UpdateContinuousBackups', { TableName, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: on, ...(on ? { RecoveryPeriodInDays: Number(days) } : {}) } }); toast(on ? 'Point-in-time recovery is on' : 'Point-in-time recovery is off'); await found.reload(); });
  return html`<${Card} title="Point-in-time recovery" lead="The table as it was at any second of the last days."><${Loaded} of=${found} rows="2">${(of) => of.PointInTimeRecoveryStatus === 'ENABLED' ? html`<${KeyValues} of=${[['Status', html`<${Badge} kind="good">ENABLED<//>`], ['Days', of.RecoveryPeriodInDays], ['Earliest', html`<${Time} of=${of.EarliestRestorableDateTime} />`], ['Latest', html`<${Time} of=${of.LatestRestorableDateTime} />`]]} />${!readOnly.value && html`<div class="actions"><${Button} kind="primary" icon="history" onClick=${() => setRestoring(of)}>Restore…<//><${Button} busy=${busy} onClick=${() => run(false)}>Turn off<//></div>`}` : html`<div class="row"><${Badge}>${of.PointInTimeRecoveryStatus}<//></div>${!readOnly.value && html`<div class="row"><${Text} class="narrow" label="Days" type="number" min="1" max="35" value=${days} onChange=${setDays} /><${Button} busy=${busy} onClick=${() => run(true)}>Turn on<//></div>`}`}<//>
    <${Fault} error=${error} />${restoring && html`<${Restore} from=${{ table, window: restoring }} onClose=${() => setRestoring(false)} />`}<//>`;
}

const local = (seconds) => { const date = new Date(seconds * 1000); return new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 19); };

/** From a backup, or from a moment of a table: where to, then with which settings. */
export function Restore({ from, onClose }) {
  const source = from.backup?.TableName ?? from.table.TableName;
  const [form, setForm] = useState({ name: `${source}-restored`, when: 'latest', time: from.window ? local(from.window.LatestRestorableDateTime) : '', billing: '', indexes: true });
  const set = (name) => (value) => setForm((before) => ({ ...before, [name]: value }));
  const fault = named(form.name);
  const [run, busy, error] = useAction(async () => {
    const body = { TargetTableName: form.name, ...(form.billing ? { BillingModeOverride: form.billing, ...(form.billing === 'PROVISIONED' ? { ProvisionedThroughputOverride: { ReadCapacityUnits: 5, WriteCapacityUnits: 5 } } : {}) } : {}), ...(form.indexes ? {} : { GlobalSecondaryIndexOverride: [], LocalSecondaryIndexOverride: [] }) };
    if (from.backup) await dynamodb('RestoreTableFromBackup', { ...body, BackupArn: from.backup.BackupArn });
    else await dynamodb('RestoreTableToPointInTime', { ...body, SourceTableName: source, ...(form.when === 'latest' ? { UseLatestRestorableTime: true } : { RestoreDateTime: Math.floor(new Date(form.time).getTime() / 1000) }) });
    toast(`${form.name} is being restored`);
    onClose(true);
    go('tables', form.name, 'settings');
  });
  return html`<${Dialog} title="Restore to a new table" lead=${from.backup ? html`From the backup <strong>${from.backup.BackupName}</strong> of ${source}` : html`From <strong>${source}</strong> at a moment`} onClose=${() => onClose(false)} onSubmit=${run} actions=${html`<${Button} onClick=${() => onClose(false)}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy} disabled=${Boolean(fault)}>Restore<//>`}>
    ${from.window && html`<${Segments} label="Moment" value=${form.when} onChange=${set('when')} options=${[['latest', 'Latest'], ['time', 'A time']]} />${form.when === 'time' && html`<${Text} label="Time, in your time zone" type="datetime-local" step="1" value=${form.time} min=${local(from.window.EarliestRestorableDateTime)} max=${local(from.window.LatestRestorableDateTime)} onChange=${set('time')} />`}`}
    <${Text} label="Name of the new table" value=${form.name} onChange=${set('name')} error=${form.name ? fault : null} autofocus /><${Choice} label="Capacity" value=${form.billing} onChange=${set('billing')} options=${[['', 'As it was'], ['PAY_PER_REQUEST', 'On demand'], ['PROVISIONED', 'Provisioned, 5 and 5']]} /><${Check} label="With all indexes" checked=${form.indexes} onChange=${set('indexes')} hint="Stream, time to live, tags, protection and policies are not restored." /><${Fault} error=${error} /><//>`;
}
