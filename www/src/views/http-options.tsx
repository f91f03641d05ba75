// What an HTTP address can be given beyond a token.
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { problemOf, type Header, type Target } from "../state/target";
import { Button, Segments } from "../ui/bits";

type Options = Pick<Target, "headers" | "preferWebSocket">;

export function HttpOptions({ value, onChange }: { value: Options; onChange: (value: Options) => void }) {
  const { headers, preferWebSocket } = value;
  // Open where something was chosen before, so that nothing is sent unseen.
  const [open] = useState(headers.length > 0 || preferWebSocket);
  const rows = useRef<HTMLUListElement>(null);
  const [added, setAdded] = useState(0);
  // Before the next key is pressed.
  useLayoutEffect(() => {
    if (added > 0) rows.current?.querySelector<HTMLElement>("li:last-child input")?.focus();
  }, [added]);
  const change = (at: number, header: Header | undefined): void =>
    onChange({ ...value, headers: headers.flatMap((one, index) => (index !== at ? [one] : header ? [header] : [])) });
  return (
    <details class="more" open={open}>
      <summary>Transport and headers</summary>
      <div class="fields">
        <div class="field">
          <span class="field-label">Transport</span>
          <Segments
            label="Transport"
            name="transport"
            value={preferWebSocket ? "websocket" : "http"}
            options={[{ value: "http", label: "HTTP" }, { value: "websocket", label: "WebSocket first" }]}
            onChange={(chosen) => onChange({ ...value, preferWebSocket: chosen === "websocket" })}
          />
          <p class="hint">{preferWebSocket ? "A WebSocket at the same address, without the headers; HTTP if there is none." : "Streamable HTTP, and HTTP+SSE if the server is that old."}</p>
        </div>
        <div class="field" role="group" aria-label="Headers">
          <span class="field-label">Headers <span class="optional">optional</span></span>
          <ul class="header-rows" ref={rows}>
            {headers.map((header, index) => <Row key={index} number={index + 1} header={header} onChange={(next) => change(index, next)} />)}
          </ul>
          <div>
            <Button small icon="plus" onClick={() => { onChange({ ...value, headers: [...headers, { name: "", value: "" }] }); setAdded(added + 1); }}>Add header</Button>
          </div>
          <p class="hint">Sent with every request, so the server's CORS answer has to allow each by name. Never stored.</p>
        </div>
      </div>
    </details>
  );
}

function Row({ number, header, onChange }: { number: number; header: Header; onChange: (header: Header | undefined) => void }) {
  const problem = problemOf(header);
  const id = useId();
  const told = problem ? { "aria-invalid": true, "aria-describedby": id } : {};
  return (
    <li class="header-row">
      <input class="input code" aria-label={`Name of header ${number}`} placeholder="X-Api-Key" value={header.name} autocomplete="off" spellcheck={false} {...told} onInput={(event) => onChange({ ...header, name: event.currentTarget.value })} />
      <input class="input" type="password" aria-label={`Value of header ${number}`} placeholder="Value" value={header.value} autocomplete="off" onInput={(event) => onChange({ ...header, value: event.currentTarget.value })} />
      <Button look="quiet" icon="close" label={`Remove header ${number}`} onClick={() => onChange(undefined)} />
      {problem && <p class="problem" id={id}>{problem}</p>}
    </li>
  );
}
