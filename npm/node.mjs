// Node.js, Deno and Bun: the module is read from the disk.
import { readFile } from "node:fs/promises";
import init, { Core } from "./dist/everywire.js";
import { connectWith } from "./client.mjs";

let loading;

const load = (module) => {
  loading ??= read(module).then(
    () => Core,
    (error) => {
      loading = undefined;
      throw error;
    },
  );
  return loading;
};

async function read(module = new URL("./dist/everywire_bg.wasm", import.meta.url)) {
  const local = module instanceof URL && module.protocol === "file:";
  return init({ module_or_path: local ? await readFile(module) : module });
}

export const connect = connectWith(load);
export { Client, EverywireError } from "./client.mjs";
