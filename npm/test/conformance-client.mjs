// The client that the official conformance suite tests, as WebAssembly in Node.js: examples/conformance_client.rs on the npm package.
// node conformance-client.mjs URL    with the scenario's name in MCP_CONFORMANCE_SCENARIO
import { connect } from "../node.mjs";

const scenario = process.env.MCP_CONFORMANCE_SCENARIO;

/** Accepts a form as it is: each field has the default that its schema names. */
function acceptDefaults({ requestedSchema }) {
  const fields = Object.entries(requestedSchema?.properties ?? {}).filter(([, field]) => "default" in field);
  return { action: "accept", content: Object.fromEntries(fields.map(([name, field]) => [name, field.default])) };
}

const confirm = () => ({ action: "accept", content: { confirmed: true } });

/** What the client can do for the server follows from its handlers. */
const handlers = {
  "elicitation-sep1034-client-defaults": { onElicit: acceptDefaults },
  "sep-2322-client-request-state": { onElicit: confirm },
  // Every capability, so that the suite looks at the form of each.
  "request-metadata": {
    onElicit: () => ({ action: "decline" }),
    onSample: () => ({ role: "assistant", content: { type: "text", text: "There is no model here." }, model: "none" }),
    onRoots: () => [],
  },
};

async function call(client, name, args) {
  const result = await client.callTool({ name, arguments: args });
  const text = result.content.map((item) => item.text ?? "").join("\n");
  console.log(`${name}: ${text}`);
  if (result.isError) throw new Error(`${name} failed: ${text}`);
}

/** Calls a tool as a model would: it is listed first. */
async function callListed(client, name, args) {
  const tools = await client.listToolsAll();
  if (!tools.some((tool) => tool.name === name)) throw new Error(`the server does not list ${name}`);
  await call(client, name, args);
}

async function everyKindOfRequest(client) {
  for (const tool of await client.listToolsAll()) await call(client, tool.name, {});
  for (const resource of await client.listResourcesAll()) await client.readResource(resource.uri);
  for (const prompt of await client.listPromptsAll()) await client.getPrompt({ name: prompt.name });
}

async function callsOfTheContext(client) {
  const { toolCalls } = JSON.parse(process.env.MCP_CONFORMANCE_CONTEXT);
  await client.listToolsAll();
  for (const { name, arguments: args } of toolCalls) await call(client, name, args);
}

/** A value for each argument that the tool's schema requires. */
function requiredArguments({ inputSchema }) {
  const value = { integer: 1, number: 1, boolean: true };
  const names = inputSchema.required ?? [];
  return Object.fromEntries(names.map((name) => [name, value[inputSchema.properties?.[name]?.type] ?? "us-west1"]));
}

async function echoSchema(client) {
  const tool = (await client.listToolsAll()).find((tool) => tool.name === "json_schema_2020_12_tool");
  if (!tool) throw new Error("the server does not list json_schema_2020_12_tool");
  await call(client, "json_schema_echo", { schema: tool.inputSchema });
}

const scenarios = {
  // Servers that have nothing to offer.
  initialize: (client) => client.ping(),
  "request-metadata": (client) => client.ping(),
  tools_call: (client) => callListed(client, "add_numbers", { a: 5, b: 3 }),
  "elicitation-sep1034-client-defaults": (client) => callListed(client, "test_client_elicitation_defaults", {}),
  "sse-retry": (client) => callListed(client, "test_reconnection", {}),
  "json-schema-ref-no-deref": (client) => client.listToolsAll(),
  "sep-2322-client-request-state": async (client) => {
    // The second one runs while the first has its question open: they have nothing to do with each other.
    await Promise.all([call(client, "test_mrtr_echo_state", {}), call(client, "test_mrtr_unrelated", {})]);
    await call(client, "test_mrtr_no_state", {});
    await call(client, "test_mrtr_no_result_type", {});
  },
  "http-standard-headers": everyKindOfRequest,
  "http-custom-headers": callsOfTheContext,
  "http-invalid-tool-headers": async (client) => {
    for (const tool of await client.listToolsAll()) await call(client, tool.name, requiredArguments(tool));
  },
  "json-schema-2020-12-preservation": echoSchema,
};

const play = scenarios[scenario];
if (!play) throw new Error(`there is no scenario "${scenario}" here`);
const client = await connect(process.argv.at(-1), { name: "everywire-conformance", version: "0.1.0", ...handlers[scenario] });
await play(client);
client.close();
