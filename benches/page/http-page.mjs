// Runs in the page. `contender` is what http.mjs bundles with it.
const text = "x".repeat(64);

export function bench(contender) {
  const clients = {};
  globalThis.begin = async (peer, module) => {
    for (const kind of ["json", "sse"]) clients[kind] = await contender.connect(`${peer}/${kind}`, module);
  };
  globalThis.round = async (kind, calls) => {
    const client = clients[kind];
    for (let at = 0; at < calls; at++) if ((await client.echo(text)).length !== text.length) throw new Error("echo");
  };
}
