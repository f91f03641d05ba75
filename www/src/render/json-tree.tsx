// JSON as a tree that opens and closes. Long strings and long lists are shown in parts.
import { useState } from "preact/hooks";
import { Icon } from "../ui/icons";
import { plural } from "../ui/format";

const PAGE = 100;
const LONG = 600;

export function JsonTree({ value, label = "JSON" }: { value: unknown; label?: string }) {
  return (
    <div class="json" role="group" aria-label={label}>
      <Node value={value} depth={0} />
    </div>
  );
}

interface NodeProps {
  readonly name?: string;
  readonly value: unknown;
  readonly depth: number;
}

function Node({ name, value, depth }: NodeProps) {
  if (typeof value === "object" && value !== null) return <Branch name={name} value={value} depth={depth} />;
  return (
    <div class="json-row leaf">
      {name !== undefined && <Key name={name} />}
      <Leaf value={value} />
    </div>
  );
}

function Branch({ name, value, depth }: NodeProps & { value: object }) {
  const list = Array.isArray(value);
  const entries: [string, unknown][] = list ? value.map((one, index) => [String(index), one]) : Object.entries(value);
  const [open, setOpen] = useState(depth < 3 && entries.length <= 40);
  const [shown, setShown] = useState(PAGE);
  if (entries.length === 0) {
    return (
      <div class="json-row leaf">
        {name !== undefined && <Key name={name} />}
        <span class="json-mark">{list ? "[ ]" : "{ }"}</span>
      </div>
    );
  }
  return (
    <div class="json-branch">
      <button type="button" class="json-row" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span class={`json-arrow${open ? " open" : ""}`}><Icon name="right" size={12} /></span>
        {name !== undefined && <Key name={name} />}
        <span class="json-mark">{list ? `[ ${plural(entries.length, "item")} ]` : open ? "{" : `{ ${plural(entries.length, "key")} }`}</span>
      </button>
      {open && (
        <div class="json-children">
          {entries.slice(0, shown).map(([key, one]) => <Node key={key} name={key} value={one} depth={depth + 1} />)}
          {entries.length > shown && (
            <button type="button" class="json-more" onClick={() => setShown(shown + PAGE)}>
              {entries.length - shown} more
            </button>
          )}
        </div>
      )}
    </div>
  );
}

function Key({ name }: { name: string }) {
  return <span class="json-key">{name}<span class="json-mark">: </span></span>;
}

function Leaf({ value }: { value: unknown }) {
  const [all, setAll] = useState(false);
  if (typeof value !== "string") return <span class={`json-${value === null ? "null" : typeof value}`}>{String(value)}</span>;
  const cut = !all && value.length > LONG;
  return (
    <span class="json-string">
      {JSON.stringify(cut ? value.slice(0, LONG) : value)}
      {cut && <button type="button" class="json-more" onClick={() => setAll(true)}>… {value.length - LONG} more characters</button>}
    </span>
  );
}
