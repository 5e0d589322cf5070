// Exports to object stores, imports and bulk puts from them: what runs, how far it is, and forms to begin.

import { html, useState } from '../deps.js';
import { dynamodb, pages } from '../api.js';
import { readOnly } from '../session.js';
import { entryOf, href } from '../router.js';
import { describe, several, tableNames } from '../tables_data.js';
import { bytes, count } from '../value.js';
import { Badge, Button, Card, Choice, Confirm, Dialog, Empty, Fault, KeyValues, Loaded, Page, Table, Tabs, Text, Time, toast, useAction, useEvery, useLoad } from '../ui.js';
import { KeyField, named } from './create_table.js';

const FORMATS = [['DYNAMODB_JSON', 'DynamoDB JSON'], ['ION', 'Ion'], ['CSV', 'CSV']];

const KINDS = {
  exports: { title: 'Exports', list: () => pages((body) => dynamodb('ListExports', body), {}, 'ExportSummaries', ['NextToken', 'NextToken']), arn: 'ExportArn', status: 'ExportStatus', detail: async (arn) => (await dynamodb('DescribeExport', { ExportArn: arn })).ExportDescription },
  imports: { title: 'Imports', list: () => pages((body) => dynamodb('ListImports', body), {}, 'ImportSummaryList', ['NextToken', 'NextToken']), arn: 'ImportArn', status: 'ImportStatus', detail: async (arn) => (await dynamodb('DescribeImport', { ImportArn: arn })).ImportTableDescription },
  bulk: { title: 'Bulk puts', list: () => pages((body) => dynamodb('ListBulkOperations', body), {}, 'BulkOperationsSummaryList', ['NextToken', 'NextToken']), arn: 'BulkOperationArn', status: 'BulkOperationStatus', detail: async (arn) => (await dynamodb('DescribeBulkOperation', { BulkOperationArn: arn })).BulkOperationDescription },
};

export function Transfers({ path }) {
  const kind = entryOf(KINDS, path[0]) ? path[0] : 'exports';
  const [starting, setStarting] = useState(false);
  const of = KINDS[kind];
  const found = useLoad(of.list, [kind]);
  useEvery(found.data?.some((one) => /IN_PROGRESS|CANCELLING|PENDING|RUNNING/.test(one[of.status] ?? one.Status ?? '')) ? 1500 : 0, () => found.reload(true), [found.data]);
  const [shown, setShown] = useState(null);
  const columns = [
    { key: 'arn', title: of.title.replace(/s$/, ''), class: 'name-cell', show: (one) => html`<button type="button" class="cell-button mono" onClick=${() => setShown(one[of.arn])}>${String(one[of.arn]).split('/').pop()}</button>` }, { key: 'table', title: 'Table', show: (one) => /table\/([^/]+)/.exec(one.TableArn ?? one[of.arn] ?? '')?.[1] ?? '–' },
    { key: 'status', title: 'Status', show: (one) => html`<${Badge}>${one[of.status] ?? one.Status}<//>` }, { key: 'type', title: 'Type', show: (one) => one.ExportType?.replace('_', ' ').toLowerCase() ?? one.InputFormat ?? '–' }, { key: 'start', title: 'Started', show: (one) => html`<${Time} of=${one.StartTime} />` },
  ];
  const start = !readOnly.value && html`<${Button} kind="primary" icon=${kind === 'exports' ? 'download' : 'upload'} onClick=${() => setStarting(true)}>${{ exports: 'Export a table', imports: 'Import a table', bulk: 'Put items in bulk' }[kind]}<//>`;
  return html`<${Page} title="Import and export" lead="Whole tables, to and from the objects of an S3 bucket, or of a folder of the server." actions=${start}><${Tabs} label="Kinds" at=${kind} tabs=${Object.entries(KINDS).map(([key, { title }]) => [key, title, href('transfers', key)])} />
    <${Card} flush><${Loaded} of=${found}>${(all) => html`<${Table} caption=${of.title} rows=${all} of=${(one) => one[of.arn]} columns=${columns} empty=${html`<${Empty} icon="swap" title=${`No ${of.title.toLowerCase()} yet`}>They run on the server. This page may be closed meanwhile.<//>`} />`}<//><//>
    ${shown && html`<${Detail} key=${shown} kind=${kind} arn=${shown} onClose=${() => setShown(null)} />`}${starting && kind === 'exports' && html`<${StartExport} onClose=${(done) => { setStarting(false); if (done) found.reload(); }} />`}${starting && kind === 'imports' && html`<${StartImport} onClose=${(done) => { setStarting(false); if (done) found.reload(); }} />`}${starting && kind === 'bulk' && html`<${StartBulk} onClose=${(done) => { setStarting(false); if (done) found.reload(); }} />`}<//>`;
}

function shownValue(name, value) {
  if (/Time$/.test(name)) return html`<${Time} of=${value} />`;
  if (/Bytes$/.test(name)) return bytes(value);
  if (typeof value === 'number') return count(value);
  if (typeof value === 'object') return html`<code class="cut">${JSON.stringify(value)}</code>`;
  return String(value);
}

function Detail({ kind, arn, onClose }) {
  const found = useLoad(() => KINDS[kind].detail(arn), [arn]);
  const [cancelling, setCancelling] = useState(false);
  useEvery(2000, () => found.reload(true));
  const running = /IN_PROGRESS|RUNNING|PENDING/.test(JSON.stringify(found.data ?? {}));
  return html`<${Dialog} wide title=${KINDS[kind].title.replace(/s$/, '')} onClose=${onClose} actions=${kind === 'bulk' && running && !readOnly.value && html`<${Button} kind="danger" onClick=${() => setCancelling(true)}>Cancel the operation<//>`}><${Loaded} of=${found}>${(of) => html`<${KeyValues} columns="2" of=${Object.entries(of).filter(([, value]) => value !== undefined && value !== null).map(([name, value]) => [name.replace(/([a-z])([A-Z])/g, '$1 $2'), name === 'ExportStatus' || name === 'ImportStatus' || /Status$/.test(name) ? html`<${Badge}>${value}<//>` : shownValue(name, value)])} />`}<//>
    ${cancelling && html`<${Confirm} title="Cancel the operation?" label="Cancel it" danger onClose=${() => setCancelling(false)} action=${async () => { await dynamodb('CancelBulkOperation', { BulkOperationArn: arn }); toast('The operation is being cancelled'); }}><p>Items that were put stay.</p><//>`}<//>`;
}

const useForm = (start) => { const [form, setForm] = useState(start); return [form, (name) => (value) => setForm((before) => ({ ...before, [name]: value }))]; };

function StartExport({ onClose }) {
  const tables = useLoad(async () => (await several(await tableNames(), describe)).filter((one) => one.value).map((one) => one.value), []);
  const [form, set] = useForm({ arn: '', bucket: '', prefix: '', format: 'DYNAMODB_JSON' });
  const arn = form.arn || tables.data?.[0]?.TableArn || '';
  const [run, busy, error] = useAction(async () => { await dynamodb('ExportTableToPointInTime', { TableArn: arn, S3Bucket: form.bucket, ...(form.prefix ? { S3Prefix: form.prefix } : {}), ExportFormat: form.format }); toast('The export has begun'); onClose(true); });
  return html`<${Dialog} title="Export a table" lead="The table needs point-in-time recovery." onClose=${() => onClose(false)} onSubmit=${run} actions=${html`<${Button} onClick=${() => onClose(false)}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy} disabled=${!arn || !form.bucket}>Export<//>`}><${Choice} label="Table" value=${arn} options=${(tables.data ?? []).map((table) => [table.TableArn, table.TableName])} onChange=${set('arn')} /><${Text} label="Bucket" value=${form.bucket} onChange=${set('bucket')} autofocus /><${Text} label="Prefix" optional value=${form.prefix} onChange=${set('prefix')} /><${Choice} label="Format" value=${form.format} options=${FORMATS.slice(0, 2)} onChange=${set('format')} /><${Fault} error=${error} /><//>`;
}

function StartImport({ onClose }) {
  const [form, set] = useForm({ name: '', hash: { name: '', type: 'S' }, range: { name: '', type: 'S' }, bucket: '', prefix: '', format: 'DYNAMODB_JSON', compression: 'NONE' });
  const [run, busy, error] = useAction(async () => {
    const keys = [form.hash, form.range].filter((key) => key.name);
    await dynamodb('ImportTable', { S3BucketSource: { S3Bucket: form.bucket, ...(form.prefix ? { S3KeyPrefix: form.prefix } : {}) }, InputFormat: form.format, InputCompressionType: form.compression, TableCreationParameters: { TableName: form.name, BillingMode: 'PAY_PER_REQUEST', AttributeDefinitions: keys.map((key) => ({ AttributeName: key.name, AttributeType: key.type })), KeySchema: keys.map((key, i) => ({ AttributeName: key.name, KeyType: i ? 'RANGE' : 'HASH' })) } });
    toast('The import has begun');
    onClose(true);
  });
  return html`<${Dialog} title="Import a table" lead="A new table is made of the objects." onClose=${() => onClose(false)} onSubmit=${run} actions=${html`<${Button} onClick=${() => onClose(false)}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy} disabled=${!form.bucket || !form.hash.name || Boolean(named(form.name))}>Import<//>`}><${Text} label="Name of the new table" value=${form.name} onChange=${set('name')} error=${form.name ? named(form.name) : null} autofocus /><${KeyField} label="Partition key" value=${form.hash} onChange=${set('hash')} /><${KeyField} label="Sort key" optional value=${form.range} onChange=${set('range')} /><div class="columns"><${Text} label="Bucket" value=${form.bucket} onChange=${set('bucket')} /><${Text} label="Prefix" optional value=${form.prefix} onChange=${set('prefix')} /><${Choice} label="Format" value=${form.format} options=${FORMATS} onChange=${set('format')} /><${Choice} label="Compression" value=${form.compression} options=${['NONE', 'GZIP', 'ZSTD']} onChange=${set('compression')} /></div><${Fault} error=${error} /><//>`;
}

function StartBulk({ onClose }) {
  const names = useLoad(tableNames, []);
  const [form, set] = useForm({ table: '', bucket: '', prefix: '', reports: '', format: 'DYNAMODB_JSON', compression: 'NONE', rate: '' });
  const table = form.table || names.data?.[0] || '';
  const [run, busy, error] = useAction(async () => {
    const input = { S3Bucket: form.bucket, ...(form.prefix ? { S3KeyPrefix: form.prefix } : {}), InputFormat: form.format, InputCompressionType: form.compression };
    await dynamodb('StartBulkPutItems', { TableName: table, InputS3Configuration: input, OutputS3Configuration: { OutputType: ['ERROR'], S3Bucket: form.reports || form.bucket, S3KeyPrefix: 'reports' }, ...(form.rate ? { MaxWriteRequestUnits: Number(form.rate) } : {}) });
    toast('The items are being put');
    onClose(true);
  });
  return html`<${Dialog} title="Put items in bulk" lead="Into a table that there is." onClose=${() => onClose(false)} onSubmit=${run} actions=${html`<${Button} onClick=${() => onClose(false)}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy} disabled=${!table || !form.bucket}>Start<//>`}><${Choice} label="Table" value=${table} options=${names.data ?? []} onChange=${set('table')} /><div class="columns"><${Text} label="Bucket" value=${form.bucket} onChange=${set('bucket')} /><${Text} label="Prefix" optional value=${form.prefix} onChange=${set('prefix')} /><${Text} label="Bucket of the report" optional value=${form.reports} onChange=${set('reports')} /><${Choice} label="Format" value=${form.format} options=${FORMATS.slice(0, 2)} onChange=${set('format')} /><${Choice} label="Compression" value=${form.compression} options=${['NONE', 'GZIP', 'ZSTD']} onChange=${set('compression')} /><${Text} label="Write units a second, at most" optional type="number" value=${form.rate} onChange=${set('rate')} /></div><${Fault} error=${error} /><//>`;
}
