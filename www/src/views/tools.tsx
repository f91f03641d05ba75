// Tools: the list, the form of the chosen one, its results.
import type { Tool } from "everywire";
import { useMemo, useRef, useState } from "preact/hooks";
import { announce, link, runs, select, selection, toast, tools } from "../state/app";
import { callTool } from "../state/actions";
import { changeForm, formOf, freshForm, switchMode, toolForms } from "../state/forms";
import { loadTools } from "../state/connection";
import { useStore } from "../state/store";
import { Shared } from "../form/context";
import { Fields } from "../form/form";
import { useForm } from "../form/use-form";
import { JsonTree } from "../render/json-tree";
import { Runs } from "../render/runs";
import { parse, type Draft } from "../schema/draft";
import { isObject, model } from "../schema/model";
import { Badge, Button, Empty, Segments } from "../ui/bits";
import { ItemList } from "./list";
import { Split } from "./split";

const sideBySide = matchMedia("(min-width: 761px)");

export function ToolsView() {
  const listing = useStore(tools);
  const chosen = useStore(selection).tools;
  // Where list and form are side by side, the form is never empty at first.
  const selected = chosen ?? (sideBySide.matches ? listing.items[0]?.name : undefined);
  const tool = listing.items.find((one) => one.name === selected);
  return (
    <Split
      noun="tools"
      about={tool}
      onBack={() => select("tools", undefined)}
      list={
        <ItemList
          noun="tools"
          icon="tools"
          listing={listing}
          groups={[{ items: listing.items.map((one) => ({ key: one.name, title: titleOf(one), code: one.name, subtitle: one.description })) }]}
          selected={selected}
          onSelect={(name) => select("tools", name)}
          onReload={() => void loadTools()}
        />
      }
    >
      {tool ? <ToolView key={tool.name} tool={tool} /> : <Empty icon="tools" title="Choose a tool">Its form is made from its schema. <kbd>/</kbd> searches.</Empty>}
    </Split>
  );
}

const titleOf = (tool: Tool): string => tool.title ?? tool.annotations?.title ?? tool.name;

function ToolView({ tool }: { tool: Tool }) {
  const field = useMemo(() => model(tool.inputSchema), [tool]);
  const form = formOf(useStore(toolForms), tool.name, field);
  const list = useStore(runs).get(`tools/${tool.name}`) ?? [];
  const connected = useStore(link).state.status === "connected";
  const { context, submit, reset } = useForm(field, form.draft);
  const [rawProblem, setRawProblem] = useState<string>();
  const root = useRef<HTMLFormElement>(null);
  const running = list.find((one) => one.outcome.status === "running");
  const empty = field.kind === "object" && field.fields.length === 0;

  const call = (): void => {
    if (!connected) return;
    if (form.mode === "raw") {
      const parsed = parse(form.raw.trim() || "{}");
      if ("message" in parsed) return setRawProblem(parsed.message);
      if (!isObject(parsed.value)) return setRawProblem("The arguments must be a JSON object: { … }.");
      setRawProblem(undefined);
      return callTool(tool.name, parsed.value);
    }
    const done = submit(root.current);
    if (done) callTool(tool.name, isObject(done.value) ? done.value : {});
    else announce("The form has mistakes.");
  };
  const change = (draft: Draft): void => changeForm(tool.name, { ...form, draft });
  const changeMode = (): void => {
    const switched = switchMode(form, field);
    if ("problem" in switched) return setRawProblem(switched.problem);
    setRawProblem(undefined);
    if (switched.lost) toast("Part of the JSON has no place in the form and was left out.");
    changeForm(tool.name, switched.form);
  };

  return (
    <article class="detail-body">
      <header class="detail-head">
        <h2>{titleOf(tool)}</h2>
        <p class="detail-sub"><code>{tool.name}</code><Hints tool={tool} /></p>
        {tool.description && <p class="lead">{tool.description}</p>}
      </header>
      <form
        class="card"
        ref={root}
        noValidate
        aria-label={`Arguments of ${titleOf(tool)}`}
        onSubmit={(event) => {
          event.preventDefault();
          call();
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
            event.preventDefault();
            call();
          } else if (event.key === "Escape" && running) running.cancel();
        }}
      >
        <div class="card-head">
          <h3>Arguments</h3>
          <span class="spring" />
          {field.kind === "object" && (
            <Segments
              label="How to edit"
              name={`mode-${tool.name}`}
              value={form.mode}
              options={[{ value: "form", label: "Form" }, { value: "raw", label: "Raw JSON" }]}
              onChange={changeMode}
            />
          )}
        </div>
        <div class="card-body">
          {form.mode === "form" && field.kind === "object" && !empty && (
            <Shared.Provider value={context}>
              <Fields field={field} draft={form.draft} path="" onChange={change} />
            </Shared.Provider>
          )}
          {form.mode === "form" && empty && <p class="nothing">This tool takes no arguments.</p>}
          {form.mode === "raw" && (
            <div class="field">
              <label class="sr" for={`${context.id}-raw`}>Arguments as JSON</label>
              <textarea
                id={`${context.id}-raw`}
                class="input grow code"
                rows={6}
                spellcheck={false}
                value={form.raw}
                aria-invalid={rawProblem ? true : undefined}
                aria-describedby={rawProblem ? `${context.id}-raw-problem` : undefined}
                onInput={(event) => {
                  const raw = event.currentTarget.value;
                  changeForm(tool.name, { ...form, raw });
                  const parsed = parse(raw.trim() || "{}");
                  setRawProblem((before) => (before === undefined ? undefined : "message" in parsed ? parsed.message : undefined));
                }}
              />
              {rawProblem && <p class="problem" id={`${context.id}-raw-problem`}>{rawProblem}</p>}
            </div>
          )}
        </div>
        <div class="card-foot">
          <Button look="primary" type="submit" icon="play" disabled={!connected} title="Call the tool (Ctrl+Enter)">Call tool</Button>
          {running && <Button icon="stop" onClick={running.cancel} title="Cancel (Escape)">Cancel</Button>}
          <span class="shortcut" aria-hidden="true"><kbd>Ctrl</kbd> <kbd>Enter</kbd></span>
          <span class="spring" />
          {!empty && <Button look="quiet" onClick={() => { reset(); setRawProblem(undefined); changeForm(tool.name, { ...freshForm(field), mode: form.mode }); }}>Reset</Button>}
        </div>
      </form>
      <Runs name={`tools/${tool.name}`} list={list} kind="tool" />
      <details class="schema">
        <summary>Schema</summary>
        <p class="eyebrow">Input</p>
        <JsonTree value={tool.inputSchema} label="Input schema" />
        {tool.outputSchema && <><p class="eyebrow">Output</p><JsonTree value={tool.outputSchema} label="Output schema" /></>}
      </details>
    </article>
  );
}

/** What the server says about the tool's effects: hints, not promises. */
function Hints({ tool }: { tool: Tool }) {
  const hints = tool.annotations;
  if (!hints) return null;
  return (
    <>
      {hints.readOnlyHint === true && <Badge tone="good" title="The server says that it changes nothing">read only</Badge>}
      {hints.readOnlyHint !== true && hints.destructiveHint === true && <Badge tone="bad" title="The server says that it may destroy something">destructive</Badge>}
      {hints.idempotentHint === true && <Badge title="The server says that calling it twice is the same as once">idempotent</Badge>}
      {hints.openWorldHint === true && <Badge title="The server says that it talks to the outside world">open world</Badge>}
    </>
  );
}
