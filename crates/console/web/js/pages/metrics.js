// Metrics of tables over time, from CloudWatch's API: one picker of time, and what people look for first.

import { html } from '../deps.js';
import { cloudwatch, pages } from '../api.js';
import { region } from '../session.js';
import { entryOf, setQuery } from '../router.js';
import { tableNames } from '../tables_data.js';
import { Button, Card, Choice, Empty, Fault, Page, Segments, Skeleton, useEvery, useLoad } from '../ui.js';
import { Plot } from '../plot.js';

export const NAMESPACE = 'AWS/DynamoDB';
const SPANS = { '1h': [3600, 60], '3h': [10800, 60], '12h': [43200, 300], '1d': [86400, 600], '7d': [604800, 3600] };

/** Plots: of a table, each line a metric, a statistic and maybe an operation or index. */
const perSecond = (values, period) => sinceFirst(values).map((value) => (value === null ? null : value / period));

/** Of what is counted, a minute without a value is one without requests, once there were some. */
function sinceFirst(values) {
  const first = values.findIndex((value) => value !== null);
  return values.map((value, i) => (value === null && first >= 0 && i > first && i < values.length - 1 ? 0 : value));
}

export function Metrics({ query }) {
  const names = useLoad(tableNames, [region.value]);
  const table = query.get('table') ?? names.data?.[0];
  return html`<${Page} title="Metrics" lead="By the minute, for 15 days." actions=${table && html`<${Choice} class="pick-table" label="Table" value=${table} options=${names.data ?? [table]} onChange=${(next) => setQuery({ table: next }, false)} />`}>
    ${names.error ? html`<${Fault} error=${names.error} retry=${names.reload} />` : !names.data ? html`<${Skeleton} />` : !table ? html`<${Card}><${Empty} icon="chart" title="No table to measure">Metrics begin with the first request about a table.<//><//>` : html`<${Board} key=${table} name=${table} query=${query} />`}<//>`;
}

export function TableMetrics({ table, query }) {
  return html`<${Board} name=${table.TableName} query=${query} />`;
}

function Board({ name, query }) {
  const span = entryOf(SPANS, query.get('span')) ? query.get('span') : '1h';
  const found = useLoad(() => board(name, span), [name, span]);
  useEvery(span === '1h' ? 15000 : 60000, () => found.reload(true), [span]);
  const control = html`<div class="row center spread"><${Segments} label="Time" value=${span} onChange=${(next) => setQuery({ span: next === '1h' ? '' : next }, false)} options=${[['1h', '1 hour'], ['3h', '3 hours'], ['12h', '12 hours'], ['1d', '1 day'], ['7d', '7 days']]} /><${Button} icon="refresh" label="Refresh" onClick=${() => found.reload()} /></div>`;
  if (found.error && !found.data) return html`${control}<${Fault} error=${found.error} retry=${() => found.reload()} />`;
  if (!found.data) return html`${control}<${Skeleton} rows="8" />`;
  return html`${control}${found.data.plots.some((plot) => plot.lines.length) ? html`<${Plots} of=${found.data} />` : html`<${Card}><${Empty} icon="chart" title="No metric yet">The table has had no request since the server measures.<//><//>`}`;
}

/** Those with values; the others are named, since it is good to know that nothing was throttled. */
function Plots({ of: { plots, times } }) {
  const hasValues = (plot) => plot.lines.some((line) => line.values.some((value) => value !== null));
  const empty = plots.filter((plot) => !hasValues(plot)).map((plot) => plot.title.toLowerCase());
  return html`<div class="plots">${plots.filter(hasValues).map((plot) => html`<${Plot} key=${plot.title} ...${plot} times=${times} />`)}</div>${empty.length > 0 && html`<p class="muted">Nothing in this time: ${empty.join(', ')}.</p>`}`;
}

async function board(name, span) {
  const [length, period] = SPANS[span];
  const end = Math.ceil(Date.now() / 1000 / period) * period, start = end - length;
  const metrics = await pages((body) => cloudwatch('ListMetrics', body), { Namespace: NAMESPACE, Dimensions: [{ Name: 'TableName', Value: name }] }, 'Metrics', ['NextToken', 'NextToken']);
  const dimension = (metric, wanted) => metric.Dimensions.find((one) => one.Name === wanted)?.Value;
  const of = (metricName) => metrics.filter((metric) => metric.MetricName === metricName);
  const label = (metric, fallback) => dimension(metric, 'Operation') ?? dimension(metric, 'GlobalSecondaryIndexName') ?? fallback;
  const lines = [];
  const want = (plot, metric, stat, text, rate) => lines.push({ plot, metric, stat, text, rate });
  for (const metric of of('SuccessfulRequestLatency').slice(0, 6)) {
    want(0, metric, 'SampleCount', label(metric), true);
    want(1, metric, 'p99', `${label(metric)} p99`);
  }
  if (of('SuccessfulRequestLatency').length <= 3) for (const metric of of('SuccessfulRequestLatency')) want(1, metric, 'p50', `${label(metric)} p50`);
  for (const metric of of('ConsumedReadCapacityUnits')) want(2, metric, 'Sum', label(metric, 'consumed'), true);
  for (const metric of of('ProvisionedReadCapacityUnits').filter((one) => !dimension(one, 'GlobalSecondaryIndexName'))) want(2, metric, 'Average', 'provisioned');
  for (const metric of of('ConsumedWriteCapacityUnits')) want(3, metric, 'Sum', label(metric, 'consumed'), true);
  for (const metric of of('ProvisionedWriteCapacityUnits').filter((one) => !dimension(one, 'GlobalSecondaryIndexName'))) want(3, metric, 'Average', 'provisioned');
  for (const [metricName, text] of [['ReadThrottleEvents', 'reads'], ['WriteThrottleEvents', 'writes'], ['ThrottledRequests', '']]) for (const metric of of(metricName)) want(4, metric, 'Sum', text || label(metric));
  for (const [metricName, text] of [['ConditionalCheckFailedRequests', 'condition failed'], ['TransactionConflict', 'transaction conflict'], ['SystemErrors', 'system error'], ['UserErrors', 'user error']]) for (const metric of of(metricName)) want(5, metric, 'Sum', `${text}${dimension(metric, 'Operation') ? ` ${dimension(metric, 'Operation')}` : ''}`);
  for (const metric of of('ReturnedItemCount')) want(6, metric, 'Sum', label(metric), true);
  for (const metric of of('ReplicationLatency')) want(7, metric, 'Average', dimension(metric, 'ReceivingRegion'));
  const steps = length / period, times = Array.from({ length: steps }, (_, i) => start + i * period);
  const asked = lines.map(({ metric, stat }, i) => ({ Id: `m${i}`, MetricStat: { Metric: { Namespace: NAMESPACE, MetricName: metric.MetricName, Dimensions: metric.Dimensions }, Period: period, Stat: stat } }));
  const values = lines.map(() => new Array(steps).fill(null));
  for (let next; asked.length; ) {
    const answer = await cloudwatch('GetMetricData', { MetricDataQueries: asked, StartTime: start, EndTime: end, ...(next ? { NextToken: next } : {}) });
    for (const result of answer.MetricDataResults) result.Timestamps.forEach((time, i) => { const at = Math.floor((time - start) / period); if (at >= 0 && at < steps) values[Number(result.Id.slice(1))][at] = result.Values[i]; });
    next = answer.NextToken;
    if (!next) break;
  }
  const titles = [['Requests', 'a second'], ['Latency', 'milliseconds'], ['Read capacity', 'units a second'], ['Write capacity', 'units a second'], ['Throttled', 'requests'], ['Refused and failed', 'requests'], ['Items returned', 'a second'], ['Replication latency', 'milliseconds']];
  const plots = titles.map(([title, unit], plot) => ({ title, unit, lines: lines.map((line, i) => ({ ...line, values: line.rate ? perSecond(values[i], period) : values[i] })).filter((line) => line.plot === plot).map((line) => ({ name: line.text, values: line.values })).slice(0, 12) }));
  return { times, plots: plots.filter((plot, i) => i < 7 || plot.lines.length) };
}

