// The tools of the mock server: one per thing a page has to be able to show.
import { deflateSync, crc32 as nativeCrc } from "node:zlib";

const text = (value) => ({ type: "text", text: value });
const object = (properties, required = []) => ({ type: "object", properties, required });

function crc32(bytes) {
  if (nativeCrc) return nativeCrc(bytes);
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

function chunk(type, body) {
  const head = Buffer.concat([Buffer.from(type, "latin1"), body]);
  const out = Buffer.alloc(head.length + 8);
  out.writeUInt32BE(body.length, 0);
  head.copy(out, 4);
  out.writeUInt32BE(crc32(head), head.length + 4);
  return out;
}

/** A small gradient as PNG, base64. */
export function png(width = 240, height = 140) {
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * (1 + width * 3) + 1 + x * 3;
      const wave = Math.sin(x / 22 + Math.sin(y / 18) * 2);
      rows[at] = 190 + 50 * wave;
      rows[at + 1] = 96 + 60 * Math.sin(y / 30 + wave);
      rows[at + 2] = 70 + 90 * (y / height);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]).toString("base64");
}

/** Half a second of a soft tone as WAV, base64. */
export function wav() {
  const samples = 4000;
  const out = Buffer.alloc(44 + samples);
  out.write("RIFF", 0, "latin1");
  out.writeUInt32LE(36 + samples, 4);
  out.write("WAVEfmt ", 8, "latin1");
  out.writeUInt32LE(16, 16);
  out.writeUInt16LE(1, 20);
  out.writeUInt16LE(1, 22);
  out.writeUInt32LE(8000, 24);
  out.writeUInt32LE(8000, 28);
  out.writeUInt16LE(1, 32);
  out.writeUInt16LE(8, 34);
  out.write("data", 36, "latin1");
  out.writeUInt32LE(samples, 40);
  for (let i = 0; i < samples; i++) out[44 + i] = 128 + 60 * Math.sin(i / 3) * (1 - i / samples);
  return out.toString("base64");
}

export const registration = {
  mode: "form",
  message: "Who is travelling? The booking needs these details.",
  requestedSchema: object(
    {
      name: { type: "string", title: "Full name", description: "As in the passport", minLength: 2 },
      email: { type: "string", title: "Email", format: "email" },
      birthday: { type: "string", title: "Date of birth", format: "date" },
      seats: { type: "integer", title: "Seats", minimum: 1, maximum: 6, default: 1 },
      cabin: {
        type: "string",
        title: "Cabin",
        oneOf: [
          { const: "eco", title: "Economy" },
          { const: "biz", title: "Business" },
        ],
        default: "eco",
      },
      extras: {
        type: "array",
        title: "Extras",
        minItems: 1,
        maxItems: 2,
        items: { anyOf: [{ const: "wifi", title: "Wi-Fi" }, { const: "meal", title: "Meal" }, { const: "bag", title: "Extra bag" }] },
      },
      news: { type: "boolean", title: "Send me news", default: false },
    },
    ["name", "email", "extras"],
  ),
};

const order = {
  ...object(
    {
      customer: { $ref: "#/$defs/person", title: "Customer" },
      items: {
        type: "array",
        title: "Items",
        description: "At least one line",
        minItems: 1,
        items: object(
          {
            sku: { type: "string", title: "SKU", pattern: "^[A-Z]{3}-[0-9]{3}$", description: "Like ABC-123" },
            quantity: { type: "integer", minimum: 1, maximum: 99, default: 1 },
          },
          ["sku", "quantity"],
        ),
      },
      priority: { type: "string", enum: ["low", "normal", "high"], default: "normal" },
      wrapping: { type: "string", oneOf: [{ const: "plain", title: "Plain brown paper" }, { const: "gift", title: "Gift wrapping with a card" }], default: "plain" },
      insured: { type: "boolean", description: "Asked when not said" },
      express: { type: "boolean", default: false, description: "Send it today" },
      note: { type: "string", maxLength: 500, description: "Printed on the delivery slip" },
      discount: { type: "number", minimum: 0, maximum: 0.5, description: "A share between 0 and 0.5" },
      extra: { description: "Anything else", anyOf: [{ type: "object" }, { type: "array" }] },
    },
    ["customer", "items"],
  ),
  $defs: {
    person: object({ name: { type: "string" }, email: { type: "string", format: "email" } }, ["name"]),
  },
};

export const tools = [
  { name: "echo", title: "Echo", description: "Sends the text back, exactly as it came.", inputSchema: object({ text: { type: "string", description: "What to send back" } }, ["text"]), annotations: { readOnlyHint: true, idempotentHint: true } },
  { name: "add", title: "Add", description: "Adds two numbers and answers with structured content.", inputSchema: object({ a: { type: "number" }, b: { type: "number" } }, ["a", "b"]), outputSchema: object({ sum: { type: "number" } }), annotations: { readOnlyHint: true } },
  { name: "slow", title: "Slow count", description: "Counts to `steps`, reporting progress on the way. Can be cancelled.", inputSchema: object({ steps: { type: "integer", minimum: 1, maximum: 100, default: 10 }, delay: { type: "integer", minimum: 10, maximum: 2000, default: 200, description: "Milliseconds between steps" } }) },
  { name: "book", title: "Book a journey", description: "Asks the person for passenger details in the middle of the call.", inputSchema: object({ destination: { type: "string", default: "Lisbon" } }) },
  { name: "sign_in", title: "Sign in", description: "Sends the person to a web page.", inputSchema: object({}) },
  { name: "haiku", title: "Write a haiku", description: "Asks the client's model for the words.", inputSchema: object({ about: { type: "string", default: "wires" } }) },
  { name: "order", title: "Place an order", description: "A nested form: objects, lists, references, limits.", inputSchema: order, annotations: { destructiveHint: true, openWorldHint: true } },
  { name: "gallery", title: "Gallery", description: "Answers with every kind of content.", inputSchema: object({}) },
  { name: "fail", title: "Fail", description: "Fails, as a result or as a protocol error.", inputSchema: object({ how: { type: "string", enum: ["result", "error"], default: "result" } }) },
];

export async function call(name, args, cx) {
  switch (name) {
    case "echo":
      return { content: [text(String(args.text))] };
    case "add": {
      const sum = { sum: args.a + args.b };
      return { content: [text(JSON.stringify(sum))], structuredContent: sum };
    }
    case "slow": {
      const steps = args.steps ?? 10;
      for (let step = 1; step <= steps; step++) {
        await cx.sleep(args.delay ?? 200);
        cx.progress({ progress: step, total: steps, message: `Step ${step} of ${steps}` });
        cx.log("debug", `step ${step}`);
      }
      return { content: [text(`Counted to ${steps}.`)] };
    }
    case "book": {
      const answer = await cx.elicit(registration);
      if (answer.action !== "accept") return { content: [text(`No booking: the person chose to ${answer.action}.`)] };
      return { content: [text(`Booked for ${answer.content.name}.`)], structuredContent: { destination: args.destination, passenger: answer.content } };
    }
    case "sign_in": {
      const answer = await cx.elicit({ mode: "url", elicitationId: "e1", message: "Sign in to go on.", url: "https://accounts.example.com/authorize?client=demo&state=4f1c" });
      return { content: [text(`The person chose to ${answer.action}.`)] };
    }
    case "haiku": {
      const answer = await cx.sample({
        messages: [{ role: "user", content: text(`Write a haiku about ${args.about}.`) }],
        systemPrompt: "You are a poet of few words.",
        maxTokens: 60,
        modelPreferences: { hints: [{ name: "small" }] },
      });
      return { content: [answer.content] };
    }
    case "order":
      return { content: [text(`Order of ${args.items.length} line(s) for ${args.customer.name}.`)], structuredContent: { order: args, id: "ord_1043", total: 129.5 } };
    case "gallery":
      return {
        content: [
          text("Plain text keeps its\n    indentation\n\tand tabs. <b>No markup is run.</b>"),
          { type: "image", data: png(), mimeType: "image/png" },
          { type: "audio", data: wav(), mimeType: "audio/wav" },
          { type: "resource_link", uri: "demo://notes/welcome", name: "welcome", title: "Welcome note", description: "Read me first", mimeType: "text/plain" },
          { type: "resource", resource: { uri: "demo://report.json", mimeType: "application/json", text: '{"rows": 3, "ok": true}' } },
        ],
      };
    case "fail":
      if (args.how === "error") throw Object.assign(new Error("The flux capacitor is out of range"), { code: -32050, data: { limit: 1.21, unit: "GW" } });
      return { isError: true, content: [text("The printer is on fire. Put it out, then try again.")] };
    default:
      throw Object.assign(new Error(`Unknown tool: ${name}`), { code: -32602 });
  }
}

const markup = '<img src=x onerror="globalThis.pwned=1"><script>globalThis.pwned=1</script>';

/** What no server should send. */
export const hostile = {
  tools: [
    null, 5, "tool", {}, { name: 7 }, { name: "__proto__", inputSchema: null },
    { name: "markup", title: markup, description: markup, inputSchema: object({ [markup]: { type: "string", title: markup, description: markup, default: markup } }) },
    { name: "wrong_types", title: { a: 1 }, description: ["x"], annotations: "no", inputSchema: { type: "object", properties: { a: null, b: { type: "string", enum: "no" }, c: { type: "number", minimum: "x" }, d: { type: "array", items: [] } }, required: "a" } },
    { name: "no_schema" },
  ],
  resources: [null, { name: "no uri" }, { uri: 3 }, { uri: "javascript:globalThis.pwned=1", name: markup, mimeType: 4, size: "x" }],
  prompts: [null, { name: markup, arguments: "no" }, { name: "odd", arguments: [null, { name: 4 }, { name: "ok", description: {} }] }],
  results: {
    markup: { content: [text(markup), { type: "resource_link", uri: "javascript:globalThis.pwned=1", name: markup }, { type: "image", data: markup, mimeType: 'image/svg+xml" onerror="globalThis.pwned=1' }], structuredContent: { __proto__: { x: 1 }, [markup]: markup } },
    wrong_types: { content: [null, 5, {}, { type: "text" }, { type: "image" }, { type: "audio", data: {} }, { type: "resource" }, { type: "resource", resource: { uri: 4, mimeType: 4, text: "t" } }, { type: "resource", resource: { uri: 4, blob: "AAAA" } }, { type: "resource_link" }], isError: "no" },
    no_schema: { content: "no" },
  },
};
