// Tables: their names, their descriptions, and the wait for a change of one.

import { dynamodb, pages } from './api.js';

export const tableNames = () => pages((body) => dynamodb('ListTables', body), {}, 'TableNames', ['LastEvaluatedTableName', 'ExclusiveStartTableName']);

export const describe = async (name) => (await dynamodb('DescribeTable', { TableName: name })).Table;

/** Calls `each` for all entries, a few at once, and gives the results in order. A refusal is a result, too. */
export async function several(entries, each, atOnce = 8) {
  const results = [];
  let next = 0;
  const worker = async () => {
    while (next < entries.length) {
      const at = next++;
      try { results[at] = { value: await each(entries[at], at) }; } catch (error) { results[at] = { error }; }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, entries.length) }, worker));
  return results;
}

/** Done when the table, and all of its indexes, are as they are to be. `gone` for one that is deleted. */
export async function settled(name, { gone = false, timeout = 120000, seen } = {}) {
  for (const end = Date.now() + timeout; Date.now() < end; ) {
    try {
      const table = await describe(name);
      seen?.(table);
      const indexes = table.GlobalSecondaryIndexes ?? [];
      if (!gone && table.TableStatus === 'ACTIVE' && indexes.every((index) => index.IndexStatus === 'ACTIVE')) return table;
    } catch (error) {
      if (error.name === 'ResourceNotFoundException' && gone) return null;
      throw error;
    }
    await new Promise((done) => setTimeout(done, 400));
  }
  return null;
}

export const isOnDemand = (table) => table.BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST';

export const keyText = (table, schema = table.KeySchema) => schema.map(({ AttributeName }) => `${AttributeName} (${table.AttributeDefinitions.find((found) => found.AttributeName === AttributeName)?.AttributeType})`).join(', ');

/** A table to look at: songs, with an index, numbers of many digits and sets. */
export async function makeSample() {
  const TableName = 'Music';
  await dynamodb('CreateTable', {
    TableName, BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [['Artist', 'S'], ['Song', 'S'], ['Genre', 'S'], ['Year', 'N']].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType })),
    KeySchema: [{ AttributeName: 'Artist', KeyType: 'HASH' }, { AttributeName: 'Song', KeyType: 'RANGE' }],
    GlobalSecondaryIndexes: [{ IndexName: 'ByGenre', KeySchema: [{ AttributeName: 'Genre', KeyType: 'HASH' }, { AttributeName: 'Year', KeyType: 'RANGE' }], Projection: { ProjectionType: 'ALL' } }],
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
  });
  await settled(TableName);
  const songs = [
    ['Nina Simone', 'Sinnerman', 'Jazz', 1965], ['Nina Simone', 'Feeling Good', 'Jazz', 1965], ['Nina Simone', 'Four Women', 'Jazz', 1966], ['Miles Davis', 'So What', 'Jazz', 1959], ['Miles Davis', 'Blue in Green', 'Jazz', 1959],
    ['John Coltrane', 'Giant Steps', 'Jazz', 1960], ['Ella Fitzgerald', 'Summertime', 'Jazz', 1958], ['Fela Kuti', 'Zombie', 'Afrobeat', 1976], ['Fela Kuti', 'Water No Get Enemy', 'Afrobeat', 1975], ['Kraftwerk', 'Autobahn', 'Electronic', 1974],
    ['Kraftwerk', 'The Model', 'Electronic', 1978], ['Björk', 'Jóga', 'Electronic', 1997], ['Björk', 'Hyperballad', 'Electronic', 1996], ['Cesária Évora', 'Sodade', 'Morna', 1992], ['Buena Vista Social Club', 'Chan Chan', 'Son', 1997],
    ['Ali Farka Touré', 'Ai Du', 'Blues', 1994], ['Muddy Waters', 'Mannish Boy', 'Blues', 1955], ['Sister Rosetta Tharpe', 'This Train', 'Blues', 1939], ['Mercedes Sosa', 'Gracias a la Vida', 'Folk', 1971], ['Miriam Makeba', 'Pata Pata', 'Folk', 1967],
  ];
  const put = songs.map(([artist, song, genre, year], i) => ({ PutRequest: { Item: {
    Artist: { S: artist }, Song: { S: song }, Genre: { S: genre }, Year: { N: String(year) }, Plays: { N: String(9007199254740993n + BigInt(i) * 104729n) }, Live: { BOOL: i % 4 === 0 },
    Tags: { SS: [genre.toLowerCase(), `${String(year).slice(0, 3)}0s`] }, Credits: { M: { Label: { S: ['Philips', 'Columbia', 'Verve', 'EMI'][i % 4] }, Seconds: { L: [{ N: String(180 + ((i * 37) % 400)) }] } } },
  } } }));
  for (let at = 0; at < put.length; at += 25) await dynamodb('BatchWriteItem', { RequestItems: { [TableName]: put.slice(at, at + 25) } });
  return TableName;
}
