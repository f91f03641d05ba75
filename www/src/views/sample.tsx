// Sampling: the server wants a model to be run. There is none here, so the person writes what it would say.
import type { SamplingContent, SamplingMessage } from "everywire";
import { useRef, useState } from "preact/hooks";
import type { Sampling } from "../state/app";
import { Content } from "../render/content";
import { Badge, Button } from "../ui/bits";
import { Dialog } from "../ui/dialog";
import { Icon } from "../ui/icons";

export function SampleDialog({ question, from, aside }: { question: Sampling; from: string; aside: string | undefined }) {
  const { request, answer, refuse } = question;
  const [text, setText] = useState("");
  const [missing, setMissing] = useState(false);
  const input = useRef<HTMLTextAreaElement>(null);
  const messages = Array.isArray(request.messages) ? request.messages : [];
  const wanted: unknown = request.modelPreferences?.hints;
  const hints = (Array.isArray(wanted) ? wanted : []).flatMap((hint) => (typeof hint?.name === "string" ? [hint.name as string] : []));
  const reply = (): void => {
    setMissing(text === "");
    if (text === "") return input.current?.focus();
    answer({ role: "assistant", content: { type: "text", text }, model: "a-person", stopReason: "endTurn" });
  };
  return (
    <Dialog icon="play" eyebrow="Wants a model to be run" title={from} aside={aside} onCancel={refuse}>
      <form
        class="dialog-form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          reply();
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          reply();
        }}
      >
        <div class="dialog-body">
          <p class="detail-sub">
            <Badge>at most {request.maxTokens} tokens</Badge>
            {request.temperature !== undefined && <Badge>temperature {request.temperature}</Badge>}
            {hints.map((hint) => <Badge key={hint} tone="info">{hint}</Badge>)}
          </p>
          <div id="dialog-message" class="messages">
            {request.systemPrompt && <Said role="system" blocks={[{ type: "text", text: request.systemPrompt }]} />}
            {messages.map((message, index) => <Said key={index} role={String(message?.role)} blocks={blocksOf(message)} />)}
          </div>
          <div class="field">
            <label class="field-label" for="sample-reply"><span>Your answer in the model's place</span></label>
            <textarea
              id="sample-reply"
              ref={input}
              class="input grow"
              rows={4}
              value={text}
              aria-invalid={missing ? true : undefined}
              aria-describedby={missing ? "sample-problem" : undefined}
              onInput={(event) => setText(event.currentTarget.value)}
            />
            {missing && <p class="problem" id="sample-problem">Required.</p>}
          </div>
          <p class="fine"><Icon name="info" size={14} /> This page runs no model. The server takes what you write for a model's answer.</p>
        </div>
        <footer class="dialog-foot">
          <span class="spring" />
          <Button onClick={refuse} title="Refuse (Escape)">Decline</Button>
          <Button look="primary" type="submit" icon="check">Send</Button>
        </footer>
      </form>
    </Dialog>
  );
}

const blocksOf = (message: SamplingMessage): readonly SamplingContent[] => (Array.isArray(message?.content) ? message.content : [message?.content]);

function Said({ role, blocks }: { role: string; blocks: readonly SamplingContent[] }) {
  return (
    <div class={`message ${role === "assistant" ? "assistant" : "user"}`}>
      <p class="eyebrow">{role}</p>
      {blocks.map((block, index) => <Content key={index} block={block} />)}
    </div>
  );
}
