// Who the server is, what it can do, and how the connection fares.
import type { LoggingLevel } from "everywire";
import { useState } from "preact/hooks";
import { address, client, failureOf, link, server, toast } from "../state/app";
import { useStore } from "../state/store";
import { JsonTree } from "../render/json-tree";
import { Badge, Button, Copy } from "../ui/bits";
import { carrierName } from "../ui/carrier";
import { duration } from "../ui/format";
import { MetricsPanel } from "./metrics";

const eras = { modern: "Modern · stateless", legacy: "Legacy · initialize" } as const;

export function ServerView() {
  const info = useStore(server);
  const url = useStore(address);
  if (!info) return null;
  const { serverInfo, capabilities } = info;
  const site = webAddress(serverInfo?.websiteUrl);
  return (
    <div class="page">
      <article class="detail-body wide">
        <header class="detail-head">
          <h2>{serverInfo?.title ?? serverInfo?.name ?? "Server"}</h2>
          <p class="detail-sub">
            {serverInfo && <code>{serverInfo.name} {serverInfo.version}</code>}
            <Badge tone={info.era === "modern" ? "accent" : "neutral"}>{eras[info.era]}</Badge>
          </p>
          {serverInfo?.description && <p class="lead">{serverInfo.description}</p>}
        </header>
        <div class="columns">
          <section class="card">
            <div class="card-head"><h3>Connection</h3><span class="spring" /><Ping /></div>
            <dl class="facts card-body">
              <div><dt>Address</dt><dd><code>{url}</code> <Copy text={url} label="Copy the address" /></dd></div>
              <div><dt>Transport</dt><dd>{carrierName(info)}</dd></div>
              <div><dt>Protocol version</dt><dd><code>{info.protocolVersion}</code></dd></div>
              <div><dt>Era</dt><dd>{info.era}</dd></div>
              {site && <div><dt>Website</dt><dd><a href={site} target="_blank" rel="noopener noreferrer">{site}</a></dd></div>}
              {capabilities.logging && <LogLevel />}
            </dl>
          </section>
          <section class="card">
            <div class="card-head"><h3>Capabilities</h3></div>
            <div class="card-body"><Capabilities value={capabilities} /></div>
          </section>
        </div>
        {info.instructions && (
          <section class="card">
            <div class="card-head"><h3>Instructions</h3><span class="spring" /><Copy text={info.instructions} label="Copy the instructions" /></div>
            <div class="card-body"><pre class="text instructions">{info.instructions}</pre></div>
          </section>
        )}
        <MetricsPanel />
      </article>
    </div>
  );
}

function Capabilities({ value }: { value: object }) {
  const names = Object.entries(value).filter(([, one]) => one !== undefined);
  if (names.length === 0) return <p class="nothing">The server declares none.</p>;
  return (
    <>
      <ul class="capabilities">
        {names.map(([name, one]) => (
          <li key={name}>
            <Badge tone="good">{name}</Badge>
            {flags(one).map((flag) => <Badge key={flag}>{flag}</Badge>)}
          </li>
        ))}
      </ul>
      <details class="schema"><summary>As JSON</summary><JsonTree value={value} label="Capabilities" /></details>
    </>
  );
}

const flags = (value: unknown): string[] =>
  typeof value === "object" && value !== null ? Object.entries(value).flatMap(([name, on]) => (on === true ? [name] : [])) : [];

function Ping() {
  const [took, setTook] = useState<number>();
  const [busy, setBusy] = useState(false);
  const connected = useStore(link).state.status === "connected";
  const ping = async (): Promise<void> => {
    const open = client.value;
    if (!open) return;
    setBusy(true);
    const start = performance.now();
    try {
      await open.ping();
      setTook(performance.now() - start);
    } catch (error) {
      setTook(undefined);
      toast(failureOf(error).message);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <span class="elapsed" role="status">{took !== undefined && duration(took)}</span>
      <Button small disabled={!connected || busy} onClick={() => void ping()}>Ping</Button>
    </>
  );
}

const levels: readonly LoggingLevel[] = ["debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"];

function LogLevel() {
  const [level, setLevel] = useState<LoggingLevel | "">("");
  const choose = async (wanted: LoggingLevel | ""): Promise<void> => {
    if (wanted === "") return;
    const before = level;
    setLevel(wanted);
    try {
      await client.value?.setLogLevel(wanted);
    } catch (error) {
      setLevel(before);
      toast(failureOf(error).message);
    }
  };
  return (
    <div>
      <dt><label for="log-level">Log level</label></dt>
      <dd>
        <select id="log-level" class="input select small" value={level} onChange={(event) => void choose(event.currentTarget.value as LoggingLevel | "")}>
          <option value="" disabled>The server's own</option>
          {levels.map((one) => <option key={one} value={one}>{one}</option>)}
        </select>
      </dd>
    </div>
  );
}

function webAddress(url: string | undefined): string | undefined {
  return url !== undefined && /^https?:\/\//i.test(url) && URL.canParse(url) ? url : undefined;
}
