// The first screen: where to connect to.
import { useEffect, useRef, useState } from "preact/hooks";
import { connectFailure, connecting } from "../state/app";
import { lastTarget, open } from "../state/connection";
import { bridged, era, forget, offered, recents, type Asked } from "../state/prefs";
import { useStore } from "../state/store";
import { kindOf, plainTarget, problemOf, sameServer, type Kind, type Target } from "../state/target";
import { FailureView } from "../render/failure";
import { Button, Segments, Spinner } from "../ui/bits";
import { Icon } from "../ui/icons";
import { HttpOptions } from "./http-options";

const tokenHints: Readonly<Record<Kind, string>> = {
  http: "Sent as a bearer token. Never stored.",
  websocket: "Offered as a subprotocol. Never stored.",
  unknown: "Sent while connecting. Never stored.",
};

export function ConnectView({ prefill }: { prefill: Asked }) {
  const busy = useStore(connecting);
  const failure = useStore(connectFailure);
  const known = useStore(recents);
  const here = useStore(offered).filter((one) => !known.some(({ url }) => url === one));
  const choice = useStore(era);
  const bridge = useStore(bridged);
  const [url, setUrl] = useState(lastTarget()?.url ?? prefill.url ?? known[0]?.url ?? "");
  const [token, setToken] = useState(lastTarget()?.token ?? prefill.token ?? "");
  const [more, setMore] = useState<Pick<Target, "headers" | "preferWebSocket">>(lastTarget() ?? plainTarget("", "", "auto"));
  const kind = kindOf(url);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const go = (): void => {
    if (kind === "http" && more.headers.some(problemOf)) return document.querySelector<HTMLElement>(".header-row [aria-invalid]")?.focus();
    void open({ ...more, url, token, era: choice });
  };
  const reopen = (to: string): void => {
    // What was typed for one server is no other's business.
    const kept = sameServer(to, url) ? { ...more, token } : plainTarget(to, "", choice);
    setUrl(to);
    setToken(kept.token);
    setMore(kept);
    void open({ ...kept, url: to, era: choice });
  };
  return (
    <div class="connect">
      <div class="connect-box">
        <h1>{bridge ? `Bridge to ${bridge}` : "Look inside an MCP server"}</h1>
        {prefill.token === ""
          ? <p class="lead" role="status">The token left the address of this page when it was first opened. Open the link that was printed at the terminal once more, or paste its token here.</p>
          : <p class="lead">Connect over HTTP or WebSocket, call its tools, read its resources, answer its questions, and see every message on the wire.</p>}
        <form
          class="card connect-form"
          noValidate
          aria-label="Connection"
          onSubmit={(event) => {
            event.preventDefault();
            go();
          }}
        >
          <div class="card-body fields">
            <div class="field">
              <label class="field-label" for="url">Server address</label>
              <input
                id="url"
                ref={input}
                class="input large code"
                type="url"
                inputMode="url"
                value={url}
                placeholder="https://example.com/mcp"
                autocomplete="off"
                autocapitalize="off"
                spellcheck={false}
                aria-invalid={failure ? true : undefined}
                onInput={(event) => setUrl(event.currentTarget.value)}
              />
            </div>
            <div class="connect-options">
              <div class="field">
                <label class="field-label" for="token">Token <span class="optional">optional</span></label>
                <input id="token" class="input" type="password" value={token} autocomplete="off" aria-describedby="token-hint" onInput={(event) => setToken(event.currentTarget.value)} />
                <p class="hint" id="token-hint">{tokenHints[kind]}</p>
              </div>
              <div class="field">
                <span class="field-label">Protocol era</span>
                <Segments
                  label="Protocol era"
                  name="era"
                  value={choice}
                  options={[{ value: "auto", label: "Auto" }, { value: "modern", label: "Modern", title: "2026-07-28" }, { value: "legacy", label: "Legacy", title: "2025-11-25 and older" }]}
                  onChange={(value) => era.set(value)}
                />
                <p class="hint">{{ auto: "Found out by asking.", modern: "2026-07-28.", legacy: "2025-11-25 and older." }[choice]}</p>
              </div>
            </div>
            {kind === "http" && <HttpOptions value={more} onChange={setMore} />}
            {failure && !busy && <FailureView failure={failure} />}
          </div>
          <div class="card-foot">
            {busy
              ? <Button icon="stop" onClick={() => { busy.stop(); connecting.set(undefined); }}>Stop</Button>
              : <Button look="primary" type="submit" icon="link">Connect</Button>}
            {busy && <span class="muted busy" role="status"><Spinner /> Connecting to <code>{busy.url}</code></span>}
          </div>
        </form>
        {here.length > 0 && (
          <section class="recents" aria-label="Servers of this link">
            <h2 class="eyebrow">Named by the link to this page</h2>
            <ul>
              {here.map((one) => (
                <li key={one}>
                  <button type="button" class="recent" disabled={busy !== undefined} onClick={() => reopen(one)}>
                    <Icon name="server" />
                    <span class="recent-text"><code>{one}</code></span>
                  </button>
                </li>
              ))}
            </ul>
          </section>
        )}
        {known.length > 0 && (
          <section class="recents" aria-label="Recent servers">
            <h2 class="eyebrow">Recent</h2>
            <ul>
              {known.map((one) => (
                <li key={one.url}>
                  <button type="button" class="recent" disabled={busy !== undefined} onClick={() => reopen(one.url)}>
                    <Icon name="server" />
                    <span class="recent-text"><strong>{one.name ?? one.url}</strong>{one.name && <code>{one.url}</code>}</span>
                    {one.carrier && <span class="badge neutral">{one.carrier}</span>}
                  </button>
                  <Button look="quiet" small icon="close" label={`Forget ${one.name ?? one.url}`} onClick={() => forget(one.url)} />
                </li>
              ))}
            </ul>
          </section>
        )}
        <p class="fine">Everything runs in this page: nothing is sent anywhere but to the server you name.</p>
      </div>
    </div>
  );
}
