// Settings of this browser, limits of the account, and what the console is made of.

import { html } from '../deps.js';
import { dynamodb, sts } from '../api.js';
import { change, config, keys, region, settings } from '../session.js';
import { count } from '../value.js';
import { Card, Check, Choice, KeyValues, Loaded, Page, Segments, Table, Text, useLoad } from '../ui.js';

const PARTS = [['Preact', '11.2.0', 'MIT'], ['htm', '3.1.1', 'Apache-2.0'], ['@preact/signals', '2.11.4', 'MIT'], ['@preact/signals-core', '1.14.5', 'MIT'], ['uPlot', '1.6.32', 'MIT']];

export function Settings() {
  const set = (name) => (value) => change({ [name]: value });
  const of = settings.value;
  const limits = useLoad(() => dynamodb('DescribeLimits'), [region.value]);
  const who = useLoad(() => sts('GetCallerIdentity'), [keys.value?.accessKeyId]);
  const endpoints = useLoad(() => dynamodb('DescribeEndpoints'), [region.value]);
  return html`<${Page} title="Settings" lead="They are stored in this browser."><div class="columns two">
    <${Card} title="Appearance"><div class="field"><span class="legend">Theme</span><div><${Segments} label="Theme" value=${of.theme} onChange=${set('theme')} options=${[['system', 'System'], ['light', 'Light'], ['dark', 'Dark']]} /></div></div><div class="field"><span class="legend">Density</span><div><${Segments} label="Density" value=${of.density} onChange=${set('density')} options=${[['comfortable', 'Comfortable'], ['compact', 'Compact']]} /></div></div><div class="field"><span class="legend">Times</span><div><${Segments} label="Times" value=${of.timeZone} onChange=${set('timeZone')} options=${[['local', 'My time zone'], ['utc', 'UTC']]} /></div></div><//>
    <${Card} title="Requests"><${Text} label="Region" value=${of.region} placeholder=${config.value.region} onChange=${set('region')} hint="Requests are signed for it. Empty: the server’s own." /><${Choice} label="Items of a page" value=${of.pageSize} options=${['25', '50', '100', '300', '1000']} onChange=${set('pageSize')} />${config.value.isolated && html`<${Text} label="Access key" value=${of.accessKeyId ?? ''} placeholder="console" onChange=${(value) => { change({ accessKeyId: value }); keys.value = { ...keys.value, accessKeyId: value || 'console', name: value || 'console' }; }} hint="Each key has tables of its own (--isolate). Twelve digits are an account." />`}<${Check} label="Keep statements in this browser’s history" checked=${of.history} onChange=${set('history')} /><${Check} label="Hide the notice about authentication" checked=${Boolean(of.hideOpen)} onChange=${set('hideOpen')} /><//>
    <${Card} title="Server"><${KeyValues} columns="2" of=${[['Version', config.value.version], ['Endpoint', html`<span class="mono">${location.origin}</span>`], ['Region', config.value.region], ['Callers', { any: 'not checked', keys: 'keys of a file', identities: 'users and roles' }[config.value.callers]], ['Endpoints', endpoints.data?.Endpoints?.map((one) => one.Address).join(', ')], ['You are', html`<span class="mono">${who.data?.Arn ?? who.error?.message ?? '…'}</span>`]]} /><//>
    <${Card} title="Limits of the account"><${Loaded} of=${limits} rows="2">${(found) => html`<${KeyValues} columns="2" of=${[['Account, reads', count(found.AccountMaxReadCapacityUnits)], ['Account, writes', count(found.AccountMaxWriteCapacityUnits)], ['Table, reads', count(found.TableMaxReadCapacityUnits)], ['Table, writes', count(found.TableMaxWriteCapacityUnits)]]} />`}<//><//>
    <${Card} title="About" flush lead="The console has no powers of its own: each action is a signed request of the public API."><${Table} compact caption="Libraries" rows=${PARTS} columns=${[{ key: 'n', title: 'Library', show: ([name]) => name }, { key: 'v', title: 'Version', show: ([, version]) => version }, { key: 'l', title: 'Licence', show: ([, , licence]) => licence }]} /><//></div><//>`;
}
