// Why a browser got no answer: asked for, watched, and shown with what the server's owner has to add.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Cause, Diagnosis, Step } from "../doctor/diagnosis";
import { needsOf, snippets } from "../doctor/cors";
import { announce, failureOf, type Diagnose, type Failure } from "../state/app";
import { Badge, Button, Copy, Spinner, type Tone } from "../ui/bits";
import { Icon } from "../ui/icons";
import { Tabs } from "../ui/tabs";

type State =
  | { readonly status: "idle" }
  | { readonly status: "asking"; readonly step: Step | undefined; readonly stop: () => void }
  | { readonly status: "told"; readonly diagnosis: Diagnosis }
  | { readonly status: "failed"; readonly failure: Failure };

/** `url` is the address that could not be reached. */
export function Doctor({ diagnose, url }: { diagnose: Diagnose; url: string }) {
  const [state, setState] = useState<State>({ status: "idle" });
  const abort = useRef<AbortController | undefined>(undefined);
  const heading = useRef<HTMLHeadingElement>(null);
  // Another failure is another question.
  useEffect(() => {
    setState({ status: "idle" });
    return () => abort.current?.abort();
  }, [diagnose]);
  useEffect(() => {
    if (state.status !== "told") return;
    heading.current?.focus({ preventScroll: true });
    heading.current?.closest("section")?.scrollIntoView({ block: "nearest" });
  }, [state.status]);

  const ask = async (): Promise<void> => {
    abort.current?.abort();
    const mine = new AbortController();
    abort.current = mine;
    const stop = (): void => {
      mine.abort();
      setState({ status: "idle" });
    };
    setState({ status: "asking", step: undefined, stop });
    try {
      const diagnosis = await diagnose({ signal: mine.signal, onProgress: (step) => !mine.signal.aborted && setState({ status: "asking", step, stop }) });
      if (mine.signal.aborted) return;
      setState({ status: "told", diagnosis });
      announce(diagnosis.causes[0] ? `Found: ${diagnosis.causes[0].summary}` : "No cause was found.");
    } catch (error) {
      if (!mine.signal.aborted) setState({ status: "failed", failure: failureOf(error) });
    }
  };

  if (state.status === "told") return <Told diagnosis={state.diagnosis} url={url} heading={heading} onAgain={() => void ask()} />;
  return (
    <div class="doctor-ask">
      {state.status === "asking"
        ? (
          <>
            <span class="busy" role="status"><Spinner /> {progress(state.step)}</span>
            <Button small look="quiet" icon="stop" onClick={state.stop}>Stop</Button>
          </>
        )
        : (
          <>
            <Button small icon="search" onClick={() => void ask()}>Find out why</Button>
            <span class="hint">Asks the server in other ways, and tells which cause fits.</span>
          </>
        )}
      {state.status === "failed" && <p class="problem" role="alert">{state.failure.message}</p>}
    </div>
  );
}

const progress = (step: Step | undefined): string =>
  step === undefined ? "Asking the server in other ways…" : `${step.what || "Asking"}${step.of === undefined ? "" : ` · ${step.done} of ${step.of}`}`;

interface ToldProps {
  readonly diagnosis: Diagnosis;
  readonly url: string;
  readonly heading: { current: HTMLHeadingElement | null };
  readonly onAgain: () => void;
}

function Told({ diagnosis: { causes }, url, heading, onAgain }: ToldProps) {
  const lines = causes.flatMap((cause) => cause.headers);
  return (
    <section class="doctor card" aria-labelledby="doctor-title">
      <div class="card-head">
        <h2 id="doctor-title" ref={heading} tabIndex={-1}>{causes.length === 1 && causes[0]?.certainty === "certain" ? "What it is" : "What it can be"}</h2>
        <span class="spring" />
        <Button small look="quiet" icon="refresh" onClick={onAgain}>Ask again</Button>
      </div>
      {causes.length === 0 && <p class="card-body nothing">No cause was found: everything that was tried was answered. Connect again.</p>}
      <ol class="causes">{causes.map((cause, index) => <CauseView key={index} cause={cause} />)}</ol>
      {lines.length > 0 && (
        <div class="doctor-part">
          <p class="eyebrow">All that a page needs of this server</p>
          <Tabs label="Kind of server" tabs={snippets(needsOf(location.origin, url, lines))}>
            {({ where, code }) => (
              <>
                <p class="hint">{where}</p>
                <Code text={code} label="Copy the snippet" />
              </>
            )}
          </Tabs>
        </div>
      )}
    </section>
  );
}

const tones: Readonly<Record<Cause["certainty"], Tone>> = { certain: "bad", likely: "warn", possible: "neutral" };

function CauseView({ cause }: { cause: Cause }) {
  return (
    <li class="cause">
      <p class="cause-head"><strong>{cause.summary}</strong> <Badge tone={tones[cause.certainty]}>{cause.certainty}</Badge></p>
      {cause.evidence.length > 0 && <ul class="evidence">{cause.evidence.map((one) => <li key={one}><Icon name="right" size={12} /> <span>{one}</span></li>)}</ul>}
      {cause.fix && <p class="cause-fix">{cause.fix}</p>}
      {cause.headers.length > 0 && <Code text={cause.headers.join("\n")} label={cause.headers.length > 1 ? "Copy the headers" : "Copy the header"} />}
    </li>
  );
}

function Code({ text, label }: { text: string; label: string }) {
  return (
    <div class="code-box">
      {/* A region that may scroll has to be reachable by keyboard. */}
      <pre tabIndex={0}>{text}</pre>
      <Copy text={text} label={label} />
    </div>
  );
}
