// Alarms of CloudWatch's API: their states, a form for a new one, and what changed them.

import { html, useState } from '../deps.js';
import { cloudwatch, pages } from '../api.js';
import { readOnly, region } from '../session.js';
import { tableNames } from '../tables_data.js';
import { Badge, Button, Card, Choice, Confirm, Dialog, Editor, Empty, Fault, KeyValues, Loaded, Menu, Page, Table, Text, Time, toast, useAction, useEvery, useLoad } from '../ui.js';
import { NAMESPACE } from './metrics.js';

const METRICS = [['ReadThrottleEvents', 'Throttled reads'], ['WriteThrottleEvents', 'Throttled writes'], ['ConsumedReadCapacityUnits', 'Consumed read units'], ['ConsumedWriteCapacityUnits', 'Consumed write units'], ['ConditionalCheckFailedRequests', 'Failed conditions'], ['TransactionConflict', 'Transaction conflicts'], ['SystemErrors', 'System errors'], ['SuccessfulRequestLatency', 'Latency, ms']];
const COMPARISONS = [['GreaterThanThreshold', '>'], ['GreaterThanOrEqualToThreshold', '≥'], ['LessThanThreshold', '<'], ['LessThanOrEqualToThreshold', '≤']];

export function Alarms() {
  const found = useLoad(() => pages((body) => cloudwatch('DescribeAlarms', body), {}, 'MetricAlarms', ['NextToken', 'NextToken']), [region.value]);
  const [dialog, setDialog] = useState(null);
  const close = (done) => { setDialog(null); if (done) found.reload(); };
  useEvery(10000, () => found.reload(true));
  const [act, , fault] = useAction(async (operation, body) => { await cloudwatch(operation, body); await found.reload(true); });
  const sign = (alarm) => COMPARISONS.find(([key]) => key === alarm.ComparisonOperator)?.[1] ?? alarm.ComparisonOperator;
  const columns = [
    { key: 'name', title: 'Alarm', class: 'name-cell', sort: (alarm) => alarm.AlarmName, show: (alarm) => html`<button type="button" class="cell-button" onClick=${() => setDialog({ history: alarm })}>${alarm.AlarmName}</button>` }, { key: 'state', title: 'State', sort: (alarm) => alarm.StateValue, show: (alarm) => html`<${Badge}>${alarm.StateValue}<//>` },
    { key: 'on', title: 'On', show: (alarm) => html`${alarm.MetricName} <span class="muted">${(alarm.Dimensions ?? []).map((one) => one.Value).join(' · ')}</span>` }, { key: 'when', title: 'When', show: (alarm) => `${alarm.Statistic ?? alarm.ExtendedStatistic} ${sign(alarm)} ${alarm.Threshold}, ${alarm.EvaluationPeriods} × ${alarm.Period} s` }, { key: 'since', title: 'Since', show: (alarm) => html`<${Time} of=${alarm.StateUpdatedTimestamp} />` },
    { key: 'x', title: '', class: 'actions-cell', show: (alarm) => html`<${Menu} kind="quiet" label=${`Actions on ${alarm.AlarmName}`} items=${[['History', () => setDialog({ history: alarm })], !readOnly.value && isOfTheForm(alarm) && ['Edit…', () => setDialog({ edit: alarm })], !readOnly.value && [alarm.ActionsEnabled ? 'Disable its actions' : 'Enable its actions', () => act(alarm.ActionsEnabled ? 'DisableAlarmActions' : 'EnableAlarmActions', { AlarmNames: [alarm.AlarmName] })], !readOnly.value && ['Set to ALARM, for a test', () => act('SetAlarmState', { AlarmName: alarm.AlarmName, StateValue: 'ALARM', StateReason: 'A test from the console' })], !readOnly.value && ['Delete…', () => setDialog({ remove: alarm }), true]]} />` },
  ];
  return html`<${Page} title="Alarms" lead="Evaluated each minute. A change of state is told to URLs and SNS topics." actions=${!readOnly.value && html`<${Button} kind="primary" icon="plus" onClick=${() => setDialog({ edit: {} })}>Create alarm<//>`}><${Fault} error=${fault} />
    <${Card} flush><${Loaded} of=${found}>${(alarms) => html`<${Table} caption="Alarms" rows=${alarms} of=${(alarm) => alarm.AlarmName} columns=${columns} empty=${html`<${Empty} icon="bell" title="No alarm yet" actions=${!readOnly.value && html`<${Button} kind="primary" icon="plus" onClick=${() => setDialog({ edit: {} })}>Create alarm<//>`}>An alarm looks at one metric, such as the throttled reads of a table.<//>`} />`}<//><//>
    ${dialog?.edit && html`<${EditAlarm} alarm=${dialog.edit} onClose=${close} />`}${dialog?.history && html`<${History} alarm=${dialog.history} onClose=${() => setDialog(null)} />`}
    ${dialog?.remove && html`<${Confirm} title=${`Delete ${dialog.remove.AlarmName}?`} label="Delete" danger onClose=${close} action=${async () => { await cloudwatch('DeleteAlarms', { AlarmNames: [dialog.remove.AlarmName] }); toast('The alarm is deleted'); }} />`}<//>`;
}

// What PutMetricAlarm stores, but for DatapointsToAlarm, which the form may clear. It replaces an alarm whole: a member that is left out is lost.
const STORED = ['AlarmName', 'AlarmDescription', 'ActionsEnabled', 'OKActions', 'AlarmActions', 'InsufficientDataActions', 'MetricName', 'Namespace', 'Statistic', 'Dimensions', 'Period', 'Unit', 'EvaluationPeriods', 'Threshold', 'ComparisonOperator', 'TreatMissingData'];
const MISSING = [['notBreaching', 'is good'], ['breaching', 'is bad'], ['ignore', 'changes nothing'], ['missing', 'is insufficient']];
const PERIODS = [['60', 'minute'], ['300', '5 minutes'], ['3600', 'hour']];
const STATISTICS = ['Sum', 'Average', 'Maximum', 'Minimum', 'SampleCount'];
const OPERATIONS = ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query', 'Scan', 'BatchGetItem', 'BatchWriteItem'];
const isOfOperation = (metric) => /Latency|SystemErrors/.test(metric);
const isOffered = (options, value) => options.some((option) => String(Array.isArray(option) ? option[0] : option) === String(value));

/** Whether the form shows all of an alarm that it would store. Alarms of scaling policies are Application Auto Scaling's to change. */
function isOfTheForm(alarm) {
  const names = (alarm.Dimensions ?? []).map((one) => one.Name).sort().join();
  return alarm.Namespace === NAMESPACE && names === (isOfOperation(alarm.MetricName) ? 'Operation,TableName' : 'TableName') && isOffered(METRICS, alarm.MetricName)
    && isOffered(STATISTICS, alarm.Statistic) && isOffered(COMPARISONS, alarm.ComparisonOperator) && isOffered(PERIODS, alarm.Period) && !alarm.AlarmName.startsWith('TargetTracking-');
}

/** The request that stores what the form says; members that it does not show are those of the alarm before. */
function stored(alarm, form, table) {
  const lines = (text) => text.split('\n').map((line) => line.trim()).filter(Boolean);
  return {
    ...Object.fromEntries(STORED.filter((name) => alarm[name] !== undefined).map((name) => [name, alarm[name]])),
    AlarmName: form.name, Namespace: NAMESPACE, MetricName: form.metric,
    Dimensions: [{ Name: 'TableName', Value: table }, ...(isOfOperation(form.metric) ? [{ Name: 'Operation', Value: form.operation }] : [])],
    Statistic: form.statistic, ComparisonOperator: form.comparison, Threshold: Number(form.threshold), Period: Number(form.period), EvaluationPeriods: Number(form.periods),
    ...(form.points ? { DatapointsToAlarm: Number(form.points) } : {}), TreatMissingData: form.missing, AlarmActions: lines(form.alarmActions), OKActions: lines(form.okActions),
  };
}

function EditAlarm({ alarm, onClose }) {
  const names = useLoad(tableNames, []);
  const value = (name) => alarm.Dimensions?.find((one) => one.Name === name)?.Value;
  const [form, setForm] = useState({
    name: alarm.AlarmName ?? '', table: value('TableName') ?? '', operation: value('Operation') ?? 'GetItem', metric: alarm.MetricName ?? 'ReadThrottleEvents', statistic: alarm.Statistic ?? 'Sum',
    comparison: alarm.ComparisonOperator ?? 'GreaterThanThreshold', threshold: alarm.Threshold ?? 0, period: alarm.Period ?? 60, periods: alarm.EvaluationPeriods ?? 1, points: alarm.DatapointsToAlarm ?? '',
    missing: alarm.TreatMissingData ?? (alarm.AlarmName ? 'missing' : 'notBreaching'), alarmActions: (alarm.AlarmActions ?? []).join('\n'), okActions: (alarm.OKActions ?? []).join('\n'),
  });
  const set = (name) => (next) => setForm((before) => ({ ...before, [name]: next }));
  const table = form.table || names.data?.[0];
  const [run, busy, error] = useAction(async () => {
    await cloudwatch('PutMetricAlarm', stored(alarm, form, table));
    toast('The alarm is stored');
    onClose(true);
  });
  return html`<${Dialog} title=${alarm.AlarmName ? 'Edit alarm' : 'Create alarm'} onClose=${() => onClose(false)} onSubmit=${run}
      actions=${html`<${Button} onClick=${() => onClose(false)}>Cancel<//><${Button} kind="primary" type="submit" busy=${busy} disabled=${!form.name || !table}>Save<//>`}>
    <${Text} label="Name" value=${form.name} onChange=${set('name')} disabled=${Boolean(alarm.AlarmName)} autofocus />
    <div class="columns">
      <${Choice} label="Table" value=${table} options=${names.data ?? [table ?? '']} onChange=${set('table')} />
      <${Choice} label="Metric" value=${form.metric} options=${METRICS} onChange=${set('metric')} />
      ${isOfOperation(form.metric) && html`<${Choice} label="Operation" value=${form.operation} options=${OPERATIONS} onChange=${set('operation')} />`}
    </div>
    <div class="columns three">
      <${Choice} label="Statistic" value=${form.statistic} options=${STATISTICS} onChange=${set('statistic')} />
      <${Choice} label="Is" value=${form.comparison} options=${COMPARISONS} onChange=${set('comparison')} />
      <${Text} label="Threshold" type="number" step="any" value=${form.threshold} onChange=${set('threshold')} />
      <${Choice} label="In each" value=${form.period} options=${PERIODS} onChange=${set('period')} />
      <${Text} label="Periods" type="number" min="1" value=${form.periods} onChange=${set('periods')} />
      <${Text} label="Of which" type="number" min="1" value=${form.points} placeholder="all" onChange=${set('points')} hint="Periods that must breach" />
      <${Choice} label="Missing data" value=${form.missing} options=${MISSING} onChange=${set('missing')} />
    </div>
    ${[['alarmActions', 'Tell, when in ALARM'], ['okActions', 'Tell, when OK again']].map(([name, label]) => html`<div class="field">
      <span class="legend">${label}</span><${Editor} language="text" label=${label} rows="2" value=${form[name]} onChange=${set(name)} />
      <p class="hint">URLs and ARNs of SNS topics, a line each.</p></div>`)}
    <${Fault} error=${error} /><//>`;
}

function History({ alarm, onClose }) {
  const found = useLoad(async () => (await cloudwatch('DescribeAlarmHistory', { AlarmName: alarm.AlarmName, MaxRecords: 50, ScanBy: 'TimestampDescending' })).AlarmHistoryItems ?? [], [alarm.AlarmName]);
  return html`<${Dialog} wide title=${alarm.AlarmName} onClose=${onClose}><${KeyValues} columns="2" of=${[['State', html`<${Badge}>${alarm.StateValue}<//>`], ['Because', alarm.StateReason], ['ARN', html`<span class="mono">${alarm.AlarmArn}</span>`]]} /><h3>History</h3><${Loaded} of=${found}>${(items) => html`<${Table} compact caption="History" rows=${items} columns=${[{ key: 't', title: 'Time', show: (one) => html`<${Time} of=${one.Timestamp} />` }, { key: 'k', title: 'Kind', show: (one) => one.HistoryItemType }, { key: 's', title: 'What', show: (one) => one.HistorySummary }]} empty=${html`<p class="muted">Nothing yet.</p>`} />`}<//><//>`;
}
