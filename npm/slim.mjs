// What wasm-opt cannot know: on this target nobody reads a panic's text, and imports may be called anything.
import { readFileSync, writeFileSync } from "node:fs";
import binaryen from "binaryen";

/**
 * The functions of the standard library and of wasm-bindgen that end in a panic. Built with panic=abort, all they do is
 * put a text together, hand it to a standard error that does not exist here, and trap.
 */
const PANICS = new RegExp(
  [
    "^core::panicking::", "^std::panicking::", "^<std::panicking::", "::panic_(access_error|fmt|bounds_check|poisoned|with_hook)",
    "^core::.*_fail(ed)?(_rt)?$", "^core::.*_fail::", "^core::cell::panic_", "^alloc::.*(capacity_overflow|handle_(alloc_)?error)$",
    "^std::(alloc::rust_oom|thread::local::panic|sys::backtrace)", "^__rustc::(rust_panic|rust_begin_unwind|__rust_start_panic)$",
    "^wasm_bindgen::(throw_str|__rt::throw_null)$",
    // What `unwrap` would have shown.
    "^<core::(cell::Borrow\\w*Error|alloc::layout::LayoutError|char::\\w+|fmt::Error|ops::range::.*) as core::fmt::Debug>::fmt$",
    "^<(std::thread::local::AccessError|char|&?usize|&dyn core::fmt::Debug) as core::fmt::Debug>::fmt$",
    "^<(&str|usize|core::cell::Borrow\\w*Error) as core::fmt::Display>::fmt$",
  ].join("|"),
);

/** Rust's names without the hashes that make them unique. */
const plain = (name) => name.replace(/\[[0-9a-f]{16}\]/g, "").replace(/::h[0-9a-f]{16}(\[\d+\])?$/, "");

/** Makes every panic the trap that it ends in anyway. Gives back how many functions were emptied. */
export function trapAtOnce(file) {
  const { BulkMemory, MutableGlobals, Multivalue, NontrappingFPToInt, ReferenceTypes, SignExt, BulkMemoryOpt } = binaryen.Features;
  binaryen.setDebugInfo(true);
  const module = binaryen.readBinary(readFileSync(file));
  module.setFeatures(
    BulkMemory | BulkMemoryOpt | MutableGlobals | Multivalue | NontrappingFPToInt | ReferenceTypes | SignExt,
  );
  let emptied = 0;
  for (let at = 0; at < module.getNumFunctions(); at++) {
    const ref = module.getFunctionByIndex(at);
    const { name, module: imported } = binaryen.getFunctionInfo(ref);
    if (imported || !PANICS.test(plain(name))) continue;
    binaryen.Function(ref).body = module.unreachable();
    emptied++;
  }
  writeFileSync(file, module.emitBinary());
  module.dispose();
  return emptied;
}

/**
 * Blanks the places in the source that panics would have named: the files' names, and the (name, line, column) entries
 * that point to them. Nobody reads them any more; blank they weigh nothing, and no path of the builder is shipped.
 */
export function forgetPlaces(file) {
  const bytes = readFileSync(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const module = binaryen.readBinary(bytes);
  let blanked = 0;
  for (let at = 0; at < module.getNumDataSegments(); at++) {
    const { offset, data } = module.getDataSegmentInfo(module.getDataSegmentByIndex(at));
    const start = bytes.indexOf(Buffer.from(data));
    if (offset === null || start < 0 || !data.byteLength) continue;
    const text = bytes.toString("latin1", start, start + data.byteLength);
    const names = new Map();
    for (const { index, 0: name } of text.matchAll(/(\/rustc\/|\/rust\/|\/[\w./-]*\/registry\/|src\/)[\w./-]+\.rs(?=\0)/g)) {
      names.set(offset + index, name.length);
      bytes.fill(0, start + index, start + index + name.length);
    }
    for (let entry = start; entry + 16 <= start + data.byteLength; entry++) {
      if (names.get(view.getUint32(entry, true)) !== view.getUint32(entry + 4, true)) continue;
      bytes.fill(0, entry, entry + 16);
      blanked++;
    }
  }
  module.dispose();
  writeFileSync(file, bytes);
  return blanked;
}

/** Gives the glue the short names that wasm-opt's --minify-imports-and-exports-and-modules printed; it calls every module "a". */
export function rename(glue, printed) {
  const { imports, exports } = JSON.parse(printed);
  const given = new Map();
  for (const [, long, short] of imports) given.set(`${long}:`, `${short}:`);
  for (const [long, short] of exports) given.set(`wasm.${long}`, `wasm.${short}`);
  const text = readFileSync(glue, "utf8").replaceAll(JSON.stringify(imports[0][0]), '"a"');
  const seen = new Set();
  const shortened = text.replace(/\bwasm\.\w+|\b__wb\w+:/g, (name) => {
    if (given.has(name)) seen.add(name);
    return given.get(name) ?? name;
  });
  const missing = imports.filter(([, long]) => !seen.has(`${long}:`));
  if (missing.length) throw new Error(`the glue does not define ${missing.map(([, long]) => long)}`);
  writeFileSync(glue, shortened);
}
