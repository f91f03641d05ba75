// Pages, workers and whatever else can fetch the module that lies beside this file.
import init, { Core } from "./dist/everywire.js";
import { connectWith } from "./client.mjs";

let loading;

const load = (module) => {
  loading ??= init({ module_or_path: module ?? new URL("./dist/everywire_bg.wasm", import.meta.url) }).then(
    () => Core,
    (error) => {
      loading = undefined;
      throw error;
    },
  );
  return loading;
};

export const connect = connectWith(load);
export { Client, EverywireError } from "./client.mjs";
