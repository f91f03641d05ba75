// A question of the server to the person, as a modal dialog.
import type { ElicitFormRequest, ElicitResult, ElicitUrlRequest } from "everywire";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { questions, server, type Question } from "../state/app";
import { useStore } from "../state/store";
import { Shared } from "../form/context";
import { Fields } from "../form/form";
import { useForm } from "../form/use-form";
import { draftOf } from "../schema/draft";
import { model } from "../schema/model";
import { Button } from "../ui/bits";
import { Icon } from "../ui/icons";

export function Elicitation() {
  const waiting = useStore(questions);
  const first = waiting[0];
  return first ? <Dialog key={first.key} question={first} more={waiting.length - 1} /> : null;
}

function Dialog({ question, more }: { question: Question; more: number }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { request, answer } = question;
  const url = request.mode === "url";
  const who = useStore(server)?.serverInfo;
  const name = question.server?.title ?? question.server?.name ?? who?.title ?? who?.name ?? "The server";
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    // Removing the element does not give the focus back; closing it does not either once it is gone.
    return () => {
      element?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class="dialog"
      aria-labelledby="ask-title"
      aria-describedby="ask-message"
      onCancel={(event) => {
        event.preventDefault();
        answer({ action: "cancel" });
      }}
    >
      <div class="dialog-head">
        <span class="dialog-icon"><Icon name={url ? "external" : "prompts"} size={18} /></span>
        <div>
          <p class="eyebrow">{url ? "Wants you to open a page" : "Asks for information"}</p>
          <h2 id="ask-title">{name}</h2>
        </div>
        {more > 0 && <span class="badge neutral">{more} more waiting</span>}
      </div>
      {url
        ? <Visit request={request as ElicitUrlRequest} answer={answer} />
        : <Ask request={request as ElicitFormRequest} answer={answer} />}
    </dialog>
  );
}

interface AnswerProps<R> {
  readonly request: R;
  readonly answer: (result: ElicitResult) => void;
}

function Ask({ request, answer }: AnswerProps<ElicitFormRequest>) {
  const field = useMemo(() => model(request.requestedSchema), [request]);
  const [draft, setDraft] = useState(() => draftOf(field));
  const { context, submit } = useForm(field, draft);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector<HTMLElement>("input, textarea, select")?.focus(), []);
  const accept = (): void => {
    const done = submit(form.current);
    if (done) answer({ action: "accept", content: (done.value ?? {}) as NonNullable<ElicitResult["content"]> });
  };
  return (
    <form
      ref={form}
      class="dialog-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        accept();
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
          event.preventDefault();
          accept();
        }
      }}
    >
      <div class="dialog-body">
        <p id="ask-message" class="dialog-message">{request.message}</p>
        <Shared.Provider value={context}>
          {field.kind === "object" && <Fields field={field} draft={draft} path="" onChange={setDraft} />}
        </Shared.Provider>
        <p class="fine"><Icon name="info" size={14} /> The server sees what you enter. Never give it a password or a key in a form.</p>
      </div>
      <footer class="dialog-foot">
        <Button look="quiet" onClick={() => answer({ action: "cancel" })} title="Give no answer (Escape)">Cancel</Button>
        <span class="spring" />
        <Button onClick={() => answer({ action: "decline" })} title="Refuse to answer">Decline</Button>
        <Button look="primary" type="submit" icon="check">Accept</Button>
      </footer>
    </form>
  );
}

/** The whole address is shown and nothing is opened or fetched before the person says so. */
function Visit({ request, answer }: AnswerProps<ElicitUrlRequest>) {
  const [opened, setOpened] = useState(false);
  const target = safeTarget(request.url);
  return (
    <div class="dialog-form">
      <div class="dialog-body">
        <p id="ask-message" class="dialog-message">{request.message}</p>
        {target && <p class="visit-host">It leads to <strong>{target.host}</strong>{target.protocol !== "https:" && ", over a connection that is not encrypted"}.</p>}
        <p class="visit-url"><code>{request.url}</code></p>
        {!target && <p class="problem">This is not a web address, so this page does not open it.</p>}
        {target && (
          <a class={`button ${opened ? "plain" : "primary"}`} href={target.href} target="_blank" rel="noopener noreferrer" onClick={() => setOpened(true)}>
            <Icon name="external" /><span>Open in a new tab</span>
          </a>
        )}
        <p class="fine"><Icon name="info" size={14} /> Only go there if you know the address and trust the server. What you enter there is not seen by this page.</p>
      </div>
      <footer class="dialog-foot">
        <Button look="quiet" onClick={() => answer({ action: "cancel" })} title="Give no answer (Escape)">Cancel</Button>
        <span class="spring" />
        <Button onClick={() => answer({ action: "decline" })}>Decline</Button>
        <Button look={opened ? "primary" : "plain"} icon="check" disabled={!opened} onClick={() => answer({ action: "accept" })}>Done, go on</Button>
      </footer>
    </div>
  );
}

function safeTarget(url: string): URL | undefined {
  try {
    const target = new URL(url);
    return target.protocol === "https:" || target.protocol === "http:" ? target : undefined;
  } catch {
    return undefined;
  }
}
