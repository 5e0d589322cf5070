// Contributor Insights: which keys are read, written and throttled most.

import { html, useState } from '../deps.js';
import { cloudwatch, dynamodb, pages } from '../api.js';
import { readOnly, region } from '../session.js';
import { setQuery } from '../router.js';
import { describe, tableNames } from '../tables_data.js';
import { indexesOf } from '../request.js';
import { count } from '../value.js';
import { Badge, Button, Card, Choice, Empty, Fault, Loaded, Page, Segments, Select, Table, Time, toast, useAction, useLoad } from '../ui.js';

export function Insights({ query }) {
  const names = useLoad(tableNames, [region.value]);
  const table = query.get('table') ?? names.data?.[0];
  const all = useLoad(() => pages((body) => dynamodb('ListContributorInsights', body), {}, 'ContributorInsightsSummaries', ['NextToken', 'NextToken']), [region.value]);
  return html`<${Page} title="Insights" lead="Which keys are read, written and throttled most." actions=${table && html`<${Choice} class="pick-table" label="Table" value=${table} options=${names.data ?? [table]} onChange=${(next) => setQuery({ table: next }, false)} />`}>
    ${all.error ? html`<${Card}><${Fault} error=${all.error} retry=${() => all.reload()} /><//>` : !table && names.data ? html`<${Card}><${Empty} icon="bolt" title="No table yet" /><//>` : table && html`<${OfTable} key=${table} name=${table} onChanged=${() => all.reload()} />`}<//>`;
}

function OfTable({ name, onChanged }) {
  const table = useLoad(() => describe(name), [name]);
  const [index, setIndex] = useState('');
  return html`<${Loaded} of=${table}>${(of) => html`${indexesOf(of).length > 0 && html`<div><${Segments} label="Of" value=${index} onChange=${setIndex} options=${[['', 'Table'], ...(of.GlobalSecondaryIndexes ?? []).map((one) => [one.IndexName, one.IndexName])]} /></div>`}<${Rules} key=${index} name=${name} index=${index} onChanged=${onChanged} />`}<//>`;
}

function Rules({ name, index, onChanged }) {
  const of = { TableName: name, ...(index ? { IndexName: index } : {}) };
  const found = useLoad(() => dynamodb('DescribeContributorInsights', of), [name, index]);
  const [mode, setMode] = useState('ACCESSED_AND_THROTTLED_KEYS');
  const [run, busy, error] = useAction(async (ContributorInsightsAction) => { await dynamodb('UpdateContributorInsights', { ...of, ContributorInsightsAction, ...(ContributorInsightsAction === 'ENABLE' ? { ContributorInsightsMode: mode } : {}) }); toast(ContributorInsightsAction === 'ENABLE' ? 'Keys are being counted' : 'Keys are not counted any more'); onChanged(); await found.reload(); });
  return html`<${Loaded} of=${found}>${(insights) => html`${insights.ContributorInsightsStatus === 'ENABLED' ? html`<${Card}><div class="row center"><${Badge}>${insights.ContributorInsightsStatus}<//><span class="muted">${insights.ContributorInsightsMode === 'THROTTLED_KEYS' ? 'Throttled keys' : 'All keys'}, since <${Time} of=${insights.LastUpdateDateTime} /></span><span class="grow" />${!readOnly.value && html`<${Button} busy=${busy} onClick=${() => run('DISABLE')}>Turn off<//>`}</div><${Fault} error=${error} /><//>`
    : html`<${Card}><${Empty} icon="bolt" title="Keys are not counted" actions=${!readOnly.value && html`<${Select} class="short" aria-label="Which keys" value=${mode} options=${[['ACCESSED_AND_THROTTLED_KEYS', 'All keys'], ['THROTTLED_KEYS', 'Throttled keys']]} onChange=${setMode} /><${Button} kind="primary" busy=${busy} onClick=${() => run('ENABLE')}>Turn on<//>`}>Contributor Insights counts, by the minute, which keys consume most and which are throttled most.<//><${Fault} error=${error} /><//>`}
    <div class="columns two">${(insights.ContributorInsightsRuleList ?? []).map((rule) => html`<${Rule} key=${rule} rule=${rule} />`)}</div>`}<//>`;
}

const TITLES = { PKC: 'Most accessed partition keys', SKC: 'Most accessed items', PKT: 'Most throttled partition keys', SKT: 'Most throttled items' };

function Rule({ rule }) {
  const kind = /-(PKC|SKC|PKT|SKT)-/.exec(rule)?.[1];
  const found = useLoad(() => { const end = Math.floor(Date.now() / 60000) * 60 + 60; return cloudwatch('GetInsightRuleReport', { RuleName: rule, StartTime: end - 3600, EndTime: end, Period: 60, MaxContributorCount: 25 }); }, [rule]);
  return html`<${Card} flush title=${TITLES[kind] ?? rule} lead="Last hour"><${Loaded} of=${found}>${(report) => html`<${Table} compact caption=${TITLES[kind] ?? rule} rows=${report.Contributors ?? []} of=${(one) => one.Keys.join()} columns=${[{ key: 'k', title: (report.KeyLabels ?? []).join(', ') || 'Key', show: (one) => html`<bdi class="mono">${one.Keys.join(', ')}</bdi>` }, { key: 'n', title: 'Count', number: true, show: (one) => html`<span class="share"><i style=${{ width: `${(100 * one.ApproximateAggregateValue) / Math.max(...report.Contributors.map((each) => each.ApproximateAggregateValue))}%` }} /><span>${count(Number(one.ApproximateAggregateValue.toFixed(1)))}</span></span>` }]} empty=${html`<${Empty} icon="bolt" title="Nothing counted yet" />`} />`}<//><//>`;
}
