// Elicitation: a form to fill in, or an address to visit.
import type { ElicitFormRequest, ElicitResult, ElicitUrlRequest } from "everywire";
import { useMemo, useRef, useState } from "preact/hooks";
import type { Elicitation } from "../state/app";
import { Shared } from "../form/context";
import { Fields } from "../form/form";
import { useForm } from "../form/use-form";
import { draftOf } from "../schema/draft";
import { model } from "../schema/model";
import { Button } from "../ui/bits";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icons";

export function ElicitDialog({ question, from, aside }: { question: Elicitation; from: string; aside: string | undefined }) {
  const { request, answer } = question;
  const url = request.mode === "url";
  return (
    <Dialog
      icon={url ? "external" : "prompts"}
      eyebrow={url ? "Wants you to open a page" : "Asks for information"}
      title={from}
      aside={aside}
      onCancel={() => answer({ action: "cancel" })}
    >
      {url
        ? <Visit request={request as ElicitUrlRequest} answer={answer} />
        : <Ask request={request as ElicitFormRequest} answer={answer} />}
    </Dialog>
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
        <p id="dialog-message" class="dialog-message">{request.message}</p>
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
        <p id="dialog-message" class="dialog-message">{request.message}</p>
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
