// The first page: what is here, how it fares, and how to connect.

import { html, useState } from '../deps.js';
import { cloudwatch } from '../api.js';
import { config, keys, readOnly, region } from '../session.js';
import { go, href } from '../router.js';
import { describe, makeSample, several, tableNames } from '../tables_data.js';
import { bytes, count } from '../value.js';
import { Badge, Button, Card, Code, Empty, KeyValues, LinkButton, Loaded, Page, Segments, Stat, Table, toast, useAction, useEvery, useLoad } from '../ui.js';
import { Sparkline } from '../plot.js';

const SHOWN_MAX = 200;

async function overview() {
  const names = await tableNames();
  const found = await several(names.slice(0, SHOWN_MAX), describe);
  return { names, tables: found.filter((one) => one.value).map((one) => one.value) };
}

const SERIES = [['requests', 'SuccessfulRequestLatency', 'SampleCount'], ['latency', 'SuccessfulRequestLatency', 'p99'], ['throttled', 'ThrottledRequests', 'Sum'], ['faults', 'SystemErrors', 'Sum']];

/** The last hour, by the minute, of all tables together. */
async function traffic() {
  const end = Math.floor(Date.now() / 60000) * 60 + 60, start = end - 3600;
  const { Metrics: found = [] } = await cloudwatch('ListMetrics', { Namespace: 'AWS/DynamoDB' });
  const queries = found.flatMap((metric) => SERIES.filter(([, name]) => name === metric.MetricName).map(([kind, , stat]) => ({ kind, metric, stat }))).slice(0, 400);
  const series = Object.fromEntries(SERIES.map(([kind]) => [kind, new Array(60).fill(null)]));
  if (!queries.length) return series;
  const asked = queries.map(({ metric, stat }, i) => ({ Id: `m${i}`, MetricStat: { Metric: { Namespace: 'AWS/DynamoDB', MetricName: metric.MetricName, Dimensions: metric.Dimensions }, Period: 60, Stat: stat } }));
  const { MetricDataResults: results } = await cloudwatch('GetMetricData', { MetricDataQueries: asked, StartTime: start, EndTime: end });
  for (const result of results) {
    const { kind } = queries[Number(result.Id.slice(1))];
    result.Timestamps.forEach((time, i) => {
      const at = Math.floor((time - start) / 60), value = result.Values[i];
      if (at >= 0 && at < 60) series[kind][at] = kind === 'latency' ? Math.max(series[kind][at] ?? 0, value) : (series[kind][at] ?? 0) + value;
    });
  }
  return series;
}

const sum = (series) => series.reduce((all, value) => all + (value ?? 0), 0);

export function Overview() {
  const found = useLoad(overview, [region.value]);
  const flow = useLoad(traffic, [region.value]);
  useEvery(15000, () => flow.reload(true));
  const series = flow.data;
  const tables = found.data?.tables ?? [];
  const latest = series?.latency.filter((value) => value !== null).pop();
  return html`<${Page} title="Overview" lead=${html`Stator ${config.value.version} on <span class="mono">${location.host}</span>, region ${region.value}`}
    actions=${html`<${Button} icon="refresh" label="Refresh" onClick=${() => { found.reload(); flow.reload(); }} />${!readOnly.value && html`<${LinkButton} kind="primary" icon="plus" href=${href('tables', { create: 1 })}>Create table<//>`}`}>
    <${Loaded} of=${found} rows="8">${({ names }) => !names.length ? html`<${Welcome} onMade=${() => found.reload()} />` : html`
      <div class="stats"><${Stat} label="Tables" value=${count(names.length)} note=${`${count(tables.reduce((all, table) => all + (table.ItemCount ?? 0), 0))} items, ${bytes(tables.reduce((all, table) => all + (table.TableSizeBytes ?? 0), 0))}`} href=${href('tables')} />
        <${Stat} label="Requests, last hour" value=${series ? count(sum(series.requests)) : '–'} note="on items, by the minute" href=${href('metrics')}><${Sparkline} values=${series?.requests} label="Requests by the minute" /><//>
        <${Stat} label="Latency, p99" value=${latest === undefined ? '–' : `${latest.toFixed(latest < 10 ? 1 : 0)} ms`} note="slowest operation, last minute" href=${href('metrics')}><${Sparkline} values=${series?.latency} label="Latency by the minute" /><//>
        <${Stat} label="Throttled and failed" value=${series ? count(sum(series.throttled) + sum(series.faults)) : '–'} note="last hour" href=${href('metrics')}><${Sparkline} values=${series?.throttled.map((value, i) => (value ?? 0) + (series.faults[i] ?? 0))} label="Throttled and failed requests by the minute" /><//></div>
      <${Card} title="Largest tables" flush actions=${html`<a href=${href('tables')}>All tables</a>`}><${Table} caption="Largest tables" of=${(table) => table.TableName} rows=${[...tables].sort((a, b) => b.TableSizeBytes - a.TableSizeBytes).slice(0, 6)} columns=${[
        { key: 'name', title: 'Name', class: 'name-cell', show: (table) => html`<a href=${href('tables', table.TableName, 'items')}>${table.TableName}</a>` }, { key: 'status', title: 'Status', show: (table) => html`<${Badge}>${table.TableStatus}<//>` },
        { key: 'items', title: 'Items', number: true, show: (table) => count(table.ItemCount) }, { key: 'size', title: 'Size', number: true, show: (table) => bytes(table.TableSizeBytes) }]} /><//>
      <${Connect} />`}<//><//>`;
}

function Welcome({ onMade }) {
  const [make, busy, error] = useAction(async () => { const name = await makeSample(); toast('The table Music is there, with 20 items'); onMade(); go('tables', name, 'items'); });
  return html`<${Card}><${Empty} icon="table" title="An empty database, ready for its first table" actions=${!readOnly.value && html`<${LinkButton} kind="primary" icon="plus" href=${href('tables', { create: 1 })}>Create table<//><${Button} icon="star" busy=${busy} onClick=${make}>Make a sample table<//>`}>Create a table here, or point an SDK, the AWS CLI or Terraform at this address: they work unmodified.<//>${error && html`<p class="hint bad">${error.message}</p>`}<//><${Connect} />`;
}

const SNIPPETS = {
  cli: (at) => `export AWS_ENDPOINT_URL_DYNAMODB=${location.origin} AWS_REGION=${at}\naws dynamodb list-tables`,
  python: (at) => `import boto3\n\ndynamodb = boto3.resource("dynamodb", endpoint_url="${location.origin}", region_name="${at}")\nprint(list(dynamodb.tables.all()))`,
  javascript: (at) => `import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";\n\nconst client = new DynamoDBClient({ endpoint: "${location.origin}", region: "${at}" });\nconsole.log(await client.send(new ListTablesCommand({})));`,
  go: (at) => `cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion("${at}"))\nclient := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = aws.String("${location.origin}") })`,
  terraform: (at) => `provider "aws" {\n  region = "${at}"\n  endpoints {\n    dynamodb = "${location.origin}"\n  }\n}`,
};

function Connect() {
  const [language, set] = useState('cli');
  return html`<${Card} title="Connect" lead="Any AWS SDK or tool, with this endpoint." actions=${html`<${Segments} label="Language" value=${language} onChange=${set} options=${[['cli', 'AWS CLI'], ['python', 'Python'], ['javascript', 'JavaScript'], ['go', 'Go'], ['terraform', 'Terraform']]} />`}>
    <${Code} text=${SNIPPETS[language](region.value)} label="Connection" /><${KeyValues} of=${[['Endpoint', html`<span class="mono">${location.origin}</span>`], ['Region', region.value], ['Credentials', config.value.callers === 'any' ? 'any key' : `a key of this server; you are ${keys.value?.name}`]]} /><//>`;
}

