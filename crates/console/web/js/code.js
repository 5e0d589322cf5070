// A request as code: for the AWS CLI and the SDKs, ready to run against this server.

import { region } from './session.js';

export const LANGUAGES = [['cli', 'AWS CLI'], ['python', 'Python (boto3)'], ['javascript', 'JavaScript (SDK v3)'], ['go', 'Go'], ['rust', 'Rust'], ['java', 'Java']];

const snake = (name) => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
const camel = (name) => name[0].toLowerCase() + name.slice(1);
const shell = (text) => (/^[\w./:=@-]+$/.test(text) ? text : `'${text.replace(/'/g, `'\\''`)}'`);
const quote = (text) => JSON.stringify(text);

export function code(language, operation, body) {
  return WRITERS[language](operation, body, location.origin, region.value);
}

function cli(operation, body, endpoint, at) {
  const parts = [`aws dynamodb ${snake(operation).replace(/_/g, '-')}`, `--endpoint-url ${endpoint} --region ${at}`];
  for (const [name, value] of Object.entries(body)) {
    const flag = `--${snake(name).replace(/_/g, '-')}`;
    if (value === true) parts.push(flag);
    else if (value === false) parts.push(`--no-${flag.slice(2)}`);
    else if (name === 'Limit') parts.push(`${flag} ${value} --no-paginate`);
    else parts.push(`${flag} ${shell(typeof value === 'object' ? JSON.stringify(value) : String(value))}`);
  }
  return parts.join(' \\\n  ');
}

function python(operation, body, endpoint, at) {
  const value = (found, pad) => {
    if (found === true) return 'True';
    if (found === false) return 'False';
    if (Array.isArray(found)) return `[${found.map((entry) => value(entry, pad)).join(', ')}]`;
    if (typeof found === 'object') return `{${Object.entries(found).map(([name, entry]) => (name === 'B' && typeof entry === 'string' ? `"B": base64.b64decode(${quote(entry)})` : `${quote(name)}: ${value(entry, pad)}`)).join(', ')}}`;
    return typeof found === 'string' ? quote(found) : String(found);
  };
  const lines = Object.entries(body).map(([name, found]) => `    ${name}=${value(found, '')},`);
  const binary = JSON.stringify(body).includes('"B":"');
  return `${binary ? 'import base64\n' : ''}import boto3\n\nclient = boto3.client("dynamodb", endpoint_url=${quote(endpoint)}, region_name=${quote(at)})\nresponse = client.${snake(operation)}(\n${lines.join('\n')}\n)\nprint(response["Items"])`;
}

function javascript(operation, body, endpoint, at) {
  const text = JSON.stringify(body, null, 2).replace(/"B": ("[^"]*")/g, '"B": Buffer.from($1, "base64")');
  return `import { DynamoDBClient, ${operation}Command } from "@aws-sdk/client-dynamodb";\n\nconst client = new DynamoDBClient({ endpoint: ${quote(endpoint)}, region: ${quote(at)} });\nconst { Items } = await client.send(new ${operation}Command(${text}));\nconsole.log(Items);`;
}

const entries = (map) => Object.entries(map ?? {});

function scalar(found, each) {
  const type = Object.keys(found)[0];
  return each[type] ? each[type](found[type]) : each.S(JSON.stringify(found));
}

function go(operation, body, endpoint, at) {
  const text = (found) => scalar(found, {
    S: (value) => `&types.AttributeValueMemberS{Value: ${quote(value)}}`,
    N: (value) => `&types.AttributeValueMemberN{Value: ${quote(value)}}`,
    BOOL: (value) => `&types.AttributeValueMemberBOOL{Value: ${value}}`,
    NULL: () => '&types.AttributeValueMemberNULL{Value: true}',
    B: (value) => `&types.AttributeValueMemberB{Value: decode(${quote(value)})}`,
  });
  const lines = entries(body).map(([name, value]) => {
    if (name === 'ExpressionAttributeNames') return `\t\t${name}: map[string]string{${entries(value).map(([key, found]) => `${quote(key)}: ${quote(found)}`).join(', ')}},`;
    if (name === 'ExpressionAttributeValues') return `\t\t${name}: map[string]types.AttributeValue{\n${entries(value).map(([key, found]) => `\t\t\t${quote(key)}: ${text(found)},`).join('\n')}\n\t\t},`;
    const shown = typeof value === 'boolean' ? `aws.Bool(${value})` : typeof value === 'number' ? `aws.Int32(${value})` : `aws.String(${quote(String(value))})`;
    return `\t\t${name}: ${shown},`;
  });
  return `cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(${quote(at)}))\nif err != nil {\n\tlog.Fatal(err)\n}\nclient := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = aws.String(${quote(endpoint)}) })\nout, err := client.${operation}(ctx, &dynamodb.${operation}Input{\n${lines.join('\n')}\n})`;
}

function rust(operation, body, endpoint, at) {
  const text = (found) => scalar(found, {
    S: (value) => `AttributeValue::S(${quote(value)}.into())`,
    N: (value) => `AttributeValue::N(${quote(value)}.into())`,
    BOOL: (value) => `AttributeValue::Bool(${value})`,
    NULL: () => 'AttributeValue::Null(true)',
    B: (value) => `AttributeValue::B(decode(${quote(value)}))`,
  });
  const lines = entries(body).flatMap(([name, value]) => {
    if (name === 'ExpressionAttributeNames') return entries(value).map(([key, found]) => `    .expression_attribute_names(${quote(key)}, ${quote(found)})`);
    if (name === 'ExpressionAttributeValues') return entries(value).map(([key, found]) => `    .expression_attribute_values(${quote(key)}, ${text(found)})`);
    return [`    .${snake(name)}(${typeof value === 'string' ? quote(value) : value})`];
  });
  return `let config = aws_config::defaults(BehaviorVersion::latest())\n    .endpoint_url(${quote(endpoint)})\n    .region(Region::new(${quote(at)}))\n    .load()\n    .await;\nlet client = aws_sdk_dynamodb::Client::new(&config);\nlet output = client\n    .${snake(operation)}()\n${lines.join('\n')}\n    .send()\n    .await?;`;
}

function java(operation, body, endpoint, at) {
  const text = (found) => scalar(found, {
    S: (value) => `AttributeValue.fromS(${quote(value)})`,
    N: (value) => `AttributeValue.fromN(${quote(value)})`,
    BOOL: (value) => `AttributeValue.fromBool(${value})`,
    NULL: () => 'AttributeValue.fromNul(true)',
    B: (value) => `AttributeValue.fromB(SdkBytes.fromByteArray(Base64.getDecoder().decode(${quote(value)})))`,
  });
  const map = (value, show) => `Map.ofEntries(\n${entries(value).map(([key, found]) => `        Map.entry(${quote(key)}, ${show(found)})`).join(',\n')})`;
  const lines = entries(body).map(([name, value]) => {
    if (name === 'ExpressionAttributeNames') return `    .expressionAttributeNames(${map(value, quote)})`;
    if (name === 'ExpressionAttributeValues') return `    .expressionAttributeValues(${map(value, text)})`;
    return `    .${camel(name)}(${typeof value === 'string' ? quote(value) : value})`;
  });
  return `DynamoDbClient client = DynamoDbClient.builder()\n    .endpointOverride(URI.create(${quote(endpoint)}))\n    .region(Region.of(${quote(at)}))\n    .build();\n${operation}Response response = client.${camel(operation)}(${operation}Request.builder()\n${lines.join('\n')}\n    .build());`;
}

const WRITERS = { cli, python, javascript, go, rust, java };
