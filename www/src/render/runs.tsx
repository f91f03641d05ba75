// The outcome of the newest run, and the ones before it.
import type { CallToolResult, GetPromptResult, ReadResourceResult } from "everywire";
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Run } from "../state/app";
import { forgetRuns } from "../state/runs";
import { Badge, Button, Copy, Spinner, type Tone } from "../ui/bits";
import { Boundary } from "../ui/boundary";
import { duration, pretty } from "../ui/format";
import { Contents, Content, Resource } from "./content";
import { FailureView } from "./failure";
import { JsonTree } from "./json-tree";

export type ResultKind = "tool" | "resource" | "prompt";

export function Runs({ name, list, kind }: { name: string; list: readonly Run[]; kind: ResultKind }) {
  const [picked, setPicked] = useState<number>();
  const [raw, setRaw] = useState(false);
  const newest = list[0]?.key;
  const section = useRef<HTMLElement>(null);
  useEffect(() => setPicked(undefined), [newest, name]);
  useReveal(section, name, list[0]);
  const run = list.find((one) => one.key === picked) ?? list[0];
  if (!run) return null;
  const result = run.outcome.status === "done" ? run.outcome.result : undefined;
  const [tone, word] = verdict(run);
  return (
    <section class="runs" aria-label="Result" ref={section}>
      <header class="runs-head">
        <h3>Result</h3>
        <Badge tone={tone}>{run.outcome.status === "running" && <Spinner />}{word}</Badge>
        <Elapsed run={run} />
        <span class="spring" />
        {list.length > 1 && (
          <select class="input select small" aria-label="Earlier results" value={String(run.key)} onChange={(event) => setPicked(Number(event.currentTarget.value))}>
            {list.map((one, index) => <option key={one.key} value={String(one.key)}>#{list.length - index} · {verdict(one)[1]}</option>)}
          </select>
        )}
        {result !== undefined && (
          <>
            <Button look="quiet" small pressed={raw} onClick={() => setRaw(!raw)}>Raw</Button>
            <Copy text={() => pretty(result)} label="Copy the whole result" />
          </>
        )}
        <Button look="quiet" small icon="trash" label="Forget these results" onClick={() => forgetRuns(name)} />
      </header>
      {run.outcome.status === "running" && <Running run={run} />}
      {run.outcome.status === "cancelled" && <p class="nothing">You cancelled this. The server was told to stop.</p>}
      {run.outcome.status === "failed" && <FailureView failure={run.outcome.failure} />}
      {result !== undefined && (raw ? <JsonTree value={result} label="Whole result" /> : <Boundary of={run}><Result kind={kind} result={result} /></Boundary>)}
    </section>
  );
}

/** Longer calls find their person reading somewhere else: the page does not move under them. */
const SOON = 3000;

/** Scrolls to the newest run when it begins and, if that is soon, when it ends: below a long form it would come unseen. */
function useReveal(section: RefObject<HTMLElement | null>, name: string, newest: Run | undefined): void {
  const before = useRef({ name, newest });
  useEffect(() => {
    const same = before.current.name === name && before.current.newest === newest;
    const began = before.current.newest?.key !== newest?.key;
    before.current = { name, newest };
    if (same || !newest) return;
    if (began || (newest.ended !== undefined && newest.ended - newest.started < SOON)) {
      section.current?.scrollIntoView({ block: "nearest", behavior: "smooth" });
    }
  }, [name, newest, newest?.outcome.status]);
}

function verdict(run: Run): [Tone, string] {
  switch (run.outcome.status) {
    case "running": return ["accent", "Running"];
    case "cancelled": return ["neutral", "Cancelled"];
    case "failed": return ["bad", "Failed"];
    case "done": return (run.outcome.result as CallToolResult | undefined)?.isError === true ? ["bad", "Tool error"] : ["good", "Done"];
  }
}

function Elapsed({ run }: { run: Run }) {
  const [, tick] = useState(0);
  const running = run.ended === undefined;
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => tick((many) => many + 1), 100);
    return () => clearInterval(timer);
  }, [running]);
  return <span class="elapsed">{duration((run.ended ?? performance.now()) - run.started)}</span>;
}

function Running({ run }: { run: Run }) {
  const { progress } = run;
  const share = progress?.total ? Math.min(1, Math.max(0, progress.progress / progress.total)) : undefined;
  return (
    <div class="running">
      <div
        class={`bar${share === undefined ? " unknown" : ""}`}
        role="progressbar"
        aria-label="Progress"
        aria-valuemin={0}
        aria-valuemax={progress?.total ?? 100}
        aria-valuenow={share === undefined ? undefined : progress?.progress}
        aria-valuetext={progress?.message}
      >
        <span style={{ transform: share === undefined ? undefined : `scaleX(${share})` }} />
      </div>
      <p class="running-text">
        <span>{progress?.message ?? (progress ? `${progress.progress}${progress.total ? ` of ${progress.total}` : ""}` : "Waiting for the server…")}</span>
        {share !== undefined && <span class="elapsed">{Math.round(share * 100)} %</span>}
      </p>
    </div>
  );
}

function Result({ kind, result }: { kind: ResultKind; result: unknown }) {
  if (typeof result !== "object" || result === null) return <JsonTree value={result} />;
  if (kind === "resource") {
    const contents = (result as ReadResourceResult).contents;
    return Array.isArray(contents) ? <div class="contents">{contents.map((one, index) => <Resource key={index} contents={one} />)}</div> : <JsonTree value={result} />;
  }
  if (kind === "prompt") {
    const { messages, description } = result as GetPromptResult;
    if (!Array.isArray(messages)) return <JsonTree value={result} />;
    return (
      <div class="messages">
        {description && <p class="muted">{description}</p>}
        {messages.map((message, index) => (
          <div key={index} class={`message ${message?.role === "assistant" ? "assistant" : "user"}`}>
            <p class="eyebrow">{String(message?.role)}</p>
            <Content block={message?.content} />
          </div>
        ))}
      </div>
    );
  }
  const { content, structuredContent, isError } = result as CallToolResult;
  if (!Array.isArray(content)) return <JsonTree value={result} />;
  return (
    <div class={isError === true ? "tool-error" : undefined}>
      {isError === true && <p class="tool-error-head" role="alert">The tool reports an error.</p>}
      {content.length === 0 && structuredContent === undefined && <p class="nothing">The result is empty.</p>}
      <Contents blocks={repeats(content, structuredContent) ? [] : content} />
      {structuredContent !== undefined && (
        <figure class="content structured">
          <figcaption>Structured content</figcaption>
          <JsonTree value={structuredContent} label="Structured content" />
          <span class="content-copy"><Copy text={() => pretty(structuredContent)} label="Copy structured content" /></span>
        </figure>
      )}
    </div>
  );
}

/** Servers repeat structured content as text for older clients; showing it twice helps nobody. */
function repeats(content: readonly unknown[], structured: unknown): boolean {
  const only = content[0] as { type?: string; text?: string } | undefined;
  if (structured === undefined || content.length !== 1 || only?.type !== "text" || typeof only.text !== "string") return false;
  try {
    return JSON.stringify(JSON.parse(only.text)) === JSON.stringify(structured);
  } catch {
    return false;
  }
}
