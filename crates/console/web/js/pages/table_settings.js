// What a table is, and what can be changed of it: capacity, time to live, tags, protection, class, encryption; auto scaling.

import { html, useState } from '../deps.js';
import { dynamodb, pages, scaling } from '../api.js';
import { readOnly } from '../session.js';
import { isOnDemand, keyText } from '../tables_data.js';
import { bytes, count } from '../value.js';
import { Badge, Button, Card, Check, Choice, Copy, Dialog, Fault, KeyValues, Loaded, Segments, Table, Text, Time, toast, useAction, useLoad } from '../ui.js';

export function Settings({ table, reload }) {
  const name = table.TableName;
  const sse = table.SSEDescription;
  const [dialog, setDialog] = useState(null);
  const close = (done) => { setDialog(null); if (done) reload(true); };
  const [protect, protecting, fault] = useAction(async (on) => { await dynamodb('UpdateTable', { TableName: name, DeletionProtectionEnabled: on }); toast(on ? 'The table cannot be deleted now' : 'Deletion protection is off'); await reload(true); });
  const edit = (kind) => !readOnly.value && html`<${Button} icon="edit" onClick=${() => setDialog(kind)}>Edit<//>`;
  return html`<div class="stack"><${Card} title="Table"><${KeyValues} of=${[['ARN', html`<span class="mono">${table.TableArn}</span> <${Copy} text=${table.TableArn} label="Copy the ARN" />`], ['Key', html`<span class="mono">${keyText(table)}</span>`], ['Items', count(table.ItemCount)], ['Size', bytes(table.TableSizeBytes)], ['Created', html`<${Time} of=${table.CreationDateTime} />`], ['Table ID', html`<span class="mono">${table.TableId}</span>`]]} /><//>
    <div class="columns two"><${Card} title="Capacity" actions=${edit('capacity')}><${Capacity} table=${table} /><//>
      <${Card} title="Deletion protection"><${Check} label="The table cannot be deleted" checked=${table.DeletionProtectionEnabled} disabled=${readOnly.value || protecting} onChange=${protect} hint="Turn it off before you delete the table." /><${Fault} error=${fault} /><//>
      <${TimeToLive} table=${table} /><${Card} title="Encryption and class" actions=${edit('class')}><${KeyValues} columns="2" of=${[['Key', sse ? html`${sse.SSEType} <${Badge}>${sse.Status}<//>` : 'The server’s own'], sse?.KMSMasterKeyArn && ['Key ARN', html`<span class="mono">${sse.KMSMasterKeyArn}</span>`], ['Class', table.TableClassSummary?.TableClass === 'STANDARD_INFREQUENT_ACCESS' ? 'Infrequent access' : 'Standard']]} /><//>
      <${Tags} table=${table} /><${Scaling} table=${table} /></div>
    ${dialog === 'capacity' && html`<${EditCapacity} table=${table} onClose=${close} />`}${dialog === 'class' && html`<${EditClass} table=${table} onClose=${close} />`}</div>`;
}

const limit = (value) => (value === undefined || value < 0 ? 'no maximum' : count(value));

function Capacity({ table }) {
  const of = table.ProvisionedThroughput ?? {}, demand = table.OnDemandThroughput, warm = table.WarmThroughput;
  return html`<${KeyValues} columns="2" of=${[['Mode', isOnDemand(table) ? 'On demand' : 'Provisioned'], !isOnDemand(table) && ['Read units', count(of.ReadCapacityUnits)], !isOnDemand(table) && ['Write units', count(of.WriteCapacityUnits)], demand && ['Maximum reads', limit(demand.MaxReadRequestUnits)], demand && ['Maximum writes', limit(demand.MaxWriteRequestUnits)], warm && ['Warm throughput', `${count(warm.ReadUnitsPerSecond)} reads, ${count(warm.WriteUnitsPerSecond)} writes a second`]]} />`;
}

function EditCapacity({ table, onClose }) {
  const of = table.ProvisionedThroughput ?? {};
  const [form, setForm] = useState({ mode: isOnDemand(table) ? 'PAY_PER_REQUEST' : 'PROVISIONED', reads: of.ReadCapacityUnits || 5, writes: of.WriteCapacityUnits || 5, maxReads: table.OnDemandThroughput?.MaxReadRequestUnits ?? '', maxWrites: table.OnDemandThroughput?.MaxWriteRequestUnits ?? '' });
  const set = (name) => (value) => setForm((before) => ({ ...before, [name]: value }));
  const throughput = { ReadCapacityUnits: Number(form.reads), WriteCapacityUnits: Number(form.writes) };
  const [run, busy, error] = useAction(async () => {
    const body = { TableName: table.TableName, BillingMode: form.mode };
    if (form.mode === 'PROVISIONED') {
      body.ProvisionedThroughput = throughput;
      const was = isOnDemand(table) ? table.GlobalSecondaryIndexes ?? [] : [];
      if (was.length) body.GlobalSecondaryIndexUpdates = was.map((index) => ({ Update: { IndexName: index.IndexName, ProvisionedThroughput: throughput } }));
    } else {
      body.OnDemandThroughput = { MaxReadRequestUnits: Number(form.maxReads) || -1, MaxWriteRequestUnits: Number(form.maxWrites) || -1 };
    }
    await dynamodb('UpdateTable', body);
    toast('The capacity is changed');
    onClose(true);
  });
  return html`<${Dialog} title="Capacity" onClose=${() => onClose(false)} onSubmit=${run} actions=${html`<${Button} onClick=${() => onClose(false)}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy}>Save<//>`}><${Segments} label="Mode" value=${form.mode} onChange=${set('mode')} options=${[['PAY_PER_REQUEST', 'On demand'], ['PROVISIONED', 'Provisioned']]} />
    ${form.mode === 'PROVISIONED' ? html`<div class="columns"><${Text} label="Read capacity units" type="number" min="1" value=${form.reads} onChange=${set('reads')} /><${Text} label="Write capacity units" type="number" min="1" value=${form.writes} onChange=${set('writes')} /></div>` : html`<div class="columns"><${Text} label="Maximum read request units" optional type="number" value=${form.maxReads < 0 ? '' : form.maxReads} onChange=${set('maxReads')} /><${Text} label="Maximum write request units" optional type="number" value=${form.maxWrites < 0 ? '' : form.maxWrites} onChange=${set('maxWrites')} /></div>`}<${Fault} error=${error} /><//>`;
}

function EditClass({ table, onClose }) {
  const [kms, setKms] = useState(table.SSEDescription ? 'KMS' : 'OWN');
  const [key, setKey] = useState(table.SSEDescription?.KMSMasterKeyArn ?? '');
  const [tableClass, setClass] = useState(table.TableClassSummary?.TableClass ?? 'STANDARD');
  const [run, busy, error] = useAction(async () => {
    const was = table.SSEDescription ? 'KMS' : 'OWN', wasClass = table.TableClassSummary?.TableClass ?? 'STANDARD';
    if (kms !== was || (kms === 'KMS' && key !== (table.SSEDescription?.KMSMasterKeyArn ?? ''))) await dynamodb('UpdateTable', { TableName: table.TableName, SSESpecification: kms === 'KMS' ? { Enabled: true, SSEType: 'KMS', ...(key ? { KMSMasterKeyId: key } : {}) } : { Enabled: false } });
    if (tableClass !== wasClass) await dynamodb('UpdateTable', { TableName: table.TableName, TableClass: tableClass });
    toast('The table is changed');
    onClose(true);
  });
  return html`<${Dialog} title="Encryption and class" onClose=${() => onClose(false)} onSubmit=${run} actions=${html`<${Button} onClick=${() => onClose(false)}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy}>Save<//>`}><${Choice} label="Key" value=${kms} options=${[['OWN', 'The server’s own'], ['KMS', 'A key of a KMS']]} onChange=${setKms} />${kms === 'KMS' && html`<${Text} label="Key ID or ARN" optional value=${key} onChange=${setKey} mono />`}<${Choice} label="Table class" value=${tableClass} options=${[['STANDARD', 'Standard'], ['STANDARD_INFREQUENT_ACCESS', 'Infrequent access']]} onChange=${setClass} /><${Fault} error=${error} /><//>`;
}

function TimeToLive({ table }) {
  const TableName = table.TableName;
  const found = useLoad(async () => (await dynamodb('DescribeTimeToLive', { TableName })).TimeToLiveDescription, [TableName]);
  const [attribute, setAttribute] = useState('');
  const [run, busy, error] = useAction(async (Enabled, AttributeName) => { await dynamodb('UpdateTimeToLive', { TableName, TimeToLiveSpecification: { Enabled, AttributeName } }); toast(Enabled ? 'Time to live is on' : 'Time to live is off'); await found.reload(); });
  return html`<${Card} title="Time to live" lead="Items are deleted once the time in an attribute is over: a number, in seconds since 1970."><${Loaded} of=${found} rows="2">${(ttl) => html`<div class="row center"><${Badge}>${ttl.TimeToLiveStatus}<//>${ttl.AttributeName && html`<span class="mono">${ttl.AttributeName}</span>`}</div>
    ${!readOnly.value && (/^(ENABLED|ENABLING)$/.test(ttl.TimeToLiveStatus) ? html`<div><${Button} busy=${busy} onClick=${() => run(false, ttl.AttributeName)}>Turn off<//></div>` : html`<form class="row" onSubmit=${(event) => { event.preventDefault(); if (attribute) run(true, attribute); }}><${Text} class="grow" label="Attribute" value=${attribute} onChange=${setAttribute} /><${Button} type="submit" busy=${busy} disabled=${!attribute}>Turn on<//></form>`)}`}<//><${Fault} error=${error} /><//>`;
}

function Tags({ table }) {
  const ResourceArn = table.TableArn;
  const found = useLoad(() => pages((body) => dynamodb('ListTagsOfResource', body), { ResourceArn }, 'Tags', ['NextToken', 'NextToken']), [ResourceArn]);
  const [form, setForm] = useState({ Key: '', Value: '' });
  const [run, busy, error] = useAction(async (operation, body) => { await dynamodb(operation, { ResourceArn, ...body }); await found.reload(); setForm({ Key: '', Value: '' }); });
  return html`<${Card} title="Tags"><${Loaded} of=${found} rows="2">${(tags) => html`${!tags.length ? html`<p class="muted">No tags.</p>` : html`<${Table} caption="Tags" compact rows=${tags} of=${(tag) => tag.Key} columns=${[{ key: 'Key', title: 'Key' }, { key: 'Value', title: 'Value' }, { key: 'x', title: '', class: 'actions-cell', show: (tag) => !readOnly.value && html`<${Button} kind="quiet" icon="trash" label=${`Remove the tag ${tag.Key}`} onClick=${() => run('UntagResource', { TagKeys: [tag.Key] })} />` }]} />`}
    ${!readOnly.value && html`<form class="row" onSubmit=${(event) => { event.preventDefault(); if (form.Key) run('TagResource', { Tags: [form] }); }}><${Text} class="grow" label="Key" value=${form.Key} onChange=${(Key) => setForm({ ...form, Key })} /><${Text} class="grow" label="Value" value=${form.Value} onChange=${(Value) => setForm({ ...form, Value })} /><${Button} type="submit" busy=${busy} disabled=${!form.Key}>Add<//></form>`}`}<//><${Fault} error=${error} /><//>`;
}

const DIMENSIONS = [['dynamodb:table:ReadCapacityUnits', 'Reads'], ['dynamodb:table:WriteCapacityUnits', 'Writes']];

function Scaling({ table }) {
  const ResourceId = `table/${table.TableName}`;
  const found = useLoad(async () => {
    const targets = (await scaling('DescribeScalableTargets', { ServiceNamespace: 'dynamodb', ResourceIds: [ResourceId] })).ScalableTargets ?? [];
    const policies = (await scaling('DescribeScalingPolicies', { ServiceNamespace: 'dynamodb', ResourceId })).ScalingPolicies ?? [];
    const activities = (await scaling('DescribeScalingActivities', { ServiceNamespace: 'dynamodb', ResourceId })).ScalingActivities ?? [];
    const schedules = (await scaling('DescribeScheduledActions', { ServiceNamespace: 'dynamodb', ResourceId })).ScheduledActions ?? [];
    return { targets, policies, activities, schedules };
  }, [ResourceId]);
  const [form, setForm] = useState(null);
  const [run, busy, error] = useAction(async () => {
    for (const [ScalableDimension, kind] of DIMENSIONS.filter(([dimension]) => form.dimension === dimension)) {
      await scaling('RegisterScalableTarget', { ServiceNamespace: 'dynamodb', ResourceId, ScalableDimension, MinCapacity: Number(form.min), MaxCapacity: Number(form.max) });
      await scaling('PutScalingPolicy', { ServiceNamespace: 'dynamodb', ResourceId, ScalableDimension, PolicyName: `console-${kind.toLowerCase()}`, PolicyType: 'TargetTrackingScaling', TargetTrackingScalingPolicyConfiguration: { TargetValue: Number(form.target), PredefinedMetricSpecification: { PredefinedMetricType: `DynamoDB${kind.slice(0, -1)}CapacityUtilization` } } });
    }
    setForm(null);
    toast('Auto scaling is set');
    await found.reload();
  });
  const [schedule, setSchedule] = useState(null);
  const [plan, planning, planFault] = useAction(async () => {
    await scaling('PutScheduledAction', { ServiceNamespace: 'dynamodb', ResourceId, ScalableDimension: schedule.dimension, ScheduledActionName: schedule.name, Schedule: schedule.when, Timezone: schedule.zone || 'UTC', ScalableTargetAction: { ...(schedule.min ? { MinCapacity: Number(schedule.min) } : {}), ...(schedule.max ? { MaxCapacity: Number(schedule.max) } : {}) } });
    setSchedule(null);
    toast('The schedule is set');
    await found.reload();
  });
  const [unplan] = useAction(async (one) => { await scaling('DeleteScheduledAction', { ServiceNamespace: 'dynamodb', ResourceId, ScalableDimension: one.ScalableDimension, ScheduledActionName: one.ScheduledActionName }); await found.reload(); });
  const [remove, , removeFault] = useAction(async (target) => { await scaling('DeregisterScalableTarget', { ServiceNamespace: 'dynamodb', ResourceId, ScalableDimension: target.ScalableDimension }); toast('Auto scaling is off'); await found.reload(); });
  return html`<${Card} title="Auto scaling" lead="Provisioned capacity that follows what is consumed." actions=${!readOnly.value && found.data && html`<${Button} icon="plus" disabled=${isOnDemand(table)} title=${isOnDemand(table) ? 'The table is on demand' : ''} onClick=${() => setForm({ dimension: DIMENSIONS[0][0], min: '1', max: '100', target: '70' })}>Add<//>`}>
    <${Loaded} of=${found} rows="2">${({ targets, policies, activities, schedules }) => (!targets.length ? html`<p class="muted">${isOnDemand(table) ? 'The table is on demand and needs none.' : 'Not set.'}</p>` : html`<${Table} compact caption="Scalable targets" rows=${targets} of=${(target) => target.ScalableDimension} columns=${[{ key: 'd', title: 'Dimension', show: (target) => DIMENSIONS.find(([key]) => key === target.ScalableDimension)?.[1] ?? target.ScalableDimension }, { key: 'r', title: 'Range', show: (target) => `${target.MinCapacity} to ${target.MaxCapacity}` }, { key: 't', title: 'Target', show: (target) => policies.filter((policy) => policy.ScalableDimension === target.ScalableDimension).map((policy) => `${policy.TargetTrackingScalingPolicyConfiguration?.TargetValue ?? '–'} %`).join(', ') || '–' }, { key: 'x', title: '', class: 'actions-cell', show: (target) => !readOnly.value && html`<${Button} kind="quiet" icon="trash" label="Remove" onClick=${() => remove(target)} />` }]} />
      <div class="row center spread"><h3>Schedules</h3>${!readOnly.value && html`<${Button} class="small" icon="plus" onClick=${() => setSchedule({ dimension: targets[0].ScalableDimension, name: '', when: 'cron(0 8 * * ? *)', zone: '', min: '', max: '' })}>Schedule<//>`}</div>${schedules.length ? html`<ul class="stack tight">${schedules.map((one) => html`<li class="row center spread" key=${one.ScheduledActionName + one.ScalableDimension}><span><strong>${one.ScheduledActionName}</strong> <span class="mono">${one.Schedule}</span> ${DIMENSIONS.find(([key]) => key === one.ScalableDimension)?.[1]} ${one.ScalableTargetAction?.MinCapacity ?? '…'} to ${one.ScalableTargetAction?.MaxCapacity ?? '…'}</span>${!readOnly.value && html`<${Button} kind="quiet" icon="trash" label=${`Remove ${one.ScheduledActionName}`} onClick=${() => unplan(one)} />`}</li>`)}</ul>` : html`<p class="muted">None.</p>`}
      ${activities.length > 0 && html`<details><summary>Activities</summary><ul class="stack tight">${activities.slice(0, 10).map((one) => html`<li key=${one.ActivityId}><${Time} of=${one.StartTime} /> ${one.Description} <${Badge}>${one.StatusCode}<//></li>`)}</ul></details>`}`)}<//><${Fault} error=${removeFault} />
    ${schedule && html`<${Dialog} title="Schedule" lead="Other bounds from a time on." onClose=${() => setSchedule(null)} onSubmit=${plan} actions=${html`<${Button} onClick=${() => setSchedule(null)}>Cancel<//><${Button} kind="primary" type="submit" busy=${planning} disabled=${!schedule.name}>Save<//>`}><div class="columns"><${Text} label="Name" value=${schedule.name} onChange=${(name) => setSchedule({ ...schedule, name })} autofocus /><${Choice} label="Dimension" value=${schedule.dimension} options=${DIMENSIONS} onChange=${(dimension) => setSchedule({ ...schedule, dimension })} /><${Text} label="When" value=${schedule.when} onChange=${(when) => setSchedule({ ...schedule, when })} mono hint="at(…), rate(…) or cron(…)" /><${Text} label="Time zone" optional value=${schedule.zone} onChange=${(zone) => setSchedule({ ...schedule, zone })} placeholder="UTC" /><${Text} label="Minimum" optional type="number" value=${schedule.min} onChange=${(min) => setSchedule({ ...schedule, min })} /><${Text} label="Maximum" optional type="number" value=${schedule.max} onChange=${(max) => setSchedule({ ...schedule, max })} /></div><${Fault} error=${planFault} /><//>`}
    ${form && html`<${Dialog} title="Auto scaling" onClose=${() => setForm(null)} onSubmit=${run} actions=${html`<${Button} onClick=${() => setForm(null)}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy}>Save<//>`}><${Choice} label="Dimension" value=${form.dimension} options=${DIMENSIONS} onChange=${(dimension) => setForm({ ...form, dimension })} /><div class="columns"><${Text} label="Minimum" type="number" value=${form.min} onChange=${(min) => setForm({ ...form, min })} /><${Text} label="Maximum" type="number" value=${form.max} onChange=${(max) => setForm({ ...form, max })} /><${Text} label="Target utilization, %" type="number" value=${form.target} onChange=${(target) => setForm({ ...form, target })} /></div><${Fault} error=${error} /><//>`}<//>`;
}

