/** How a server is started. */
export interface Options {
  /** The port; 0, which is the default, for a free one. */
  port?: number;
  /** More arguments of `stator serve`, such as `["--enforce-throughput"]`. */
  args?: string[];
  /** More variables of its environment. */
  env?: Record<string, string>;
}

/** A server that runs, with its tables in memory. It ends with the process that started it. */
export interface Server {
  /** Such as `http://127.0.0.1:40123`. */
  endpoint: string;
  port: number;
  pid: number;
  /** Environment variables by which SDKs, the AWS CLI and Terraform find the server. */
  env: Record<string, string>;
  /** A client's configuration: `new DynamoDBClient(server.config)`. */
  config: { endpoint: string; region: string; credentials: { accessKeyId: string; secretAccessKey: string } };
  /** Deletes all tables, in milliseconds. */
  reset(): Promise<void>;
  /** Stops the server; what it stored is lost. */
  stop(): Promise<void>;
}

/** Starts a server. Rejects with the server's log if it does not start. */
export function start(options?: Options): Promise<Server>;
/** Deletes all tables of the server at an endpoint that `start` gave. */
export function reset(endpoint: string): Promise<void>;
/** The path of the program. */
export function binary(): string;
