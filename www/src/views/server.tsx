// Who the server is, what it can do, and how the connection fares.
import type { LoggingLevel, Metrics } from "everywire";
import { useEffect, useState } from "preact/hooks";
import { address, client, failureOf, link, server, toast } from "../state/app";
import { useStore } from "../state/store";
import { JsonTree } from "../render/json-tree";
import { Badge, Button, Copy } from "../ui/bits";
import { bytes, duration, integer } from "../ui/format";

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

function MetricsPanel() {
  const open = useStore(client);
  const [metrics, setMetrics] = useState<Metrics | undefined>(open?.metrics());
  useEffect(() => {
    const look = (): void => setMetrics(open?.metrics());
    look();
    const timer = setInterval(look, 1000);
    return () => clearInterval(timer);
  }, [open]);
  if (!metrics) return null;
  const figures: [string, string][] = [
    ["Messages in", integer(metrics.messagesIn)],
    ["Messages out", integer(metrics.messagesOut)],
    ["Received", bytes(metrics.bytesIn)],
    ["Sent", bytes(metrics.bytesOut)],
    ["In flight", integer(metrics.inFlight)],
    ["Errors", integer(metrics.errors)],
    ["Reconnects", integer(metrics.reconnects)],
    ["Keep-alive probes", integer(metrics.pings ?? 0)],
  ];
  return (
    <section class="card">
      <div class="card-head"><h3>Metrics</h3></div>
      <dl class="figures card-body">
        {figures.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
      </dl>
      {metrics.latency && <Histogram {...metrics.latency} />}
    </section>
  );
}

function Histogram({ bounds, counts }: Metrics["latency"]) {
  const most = Math.max(1, ...counts);
  const total = counts.reduce((sum, one) => sum + one, 0);
  const short = (ms: number): string => (ms < 1000 ? `${ms} ms` : `${ms / 1000} s`);
  return (
    <figure class="histogram card-body">
      <figcaption class="eyebrow">Time to answer · {integer(total)} requests</figcaption>
      <ol>
        {counts.map((many, index) => {
          const bound = bounds[index];
          const label = bound === undefined ? `over ${short(bounds.at(-1) ?? 0)}` : `up to ${short(bound)}`;
          return (
            <li key={index} title={`${label}: ${many}`}>
              <span class="histogram-column" aria-hidden="true"><span style={{ height: `${(many / most) * 100}%` }} /></span>
              <span class="histogram-label" aria-hidden="true">{bound === undefined ? "more" : short(bound)}</span>
              <span class="sr">{label}: {many}</span>
            </li>
          );
        })}
      </ol>
    </figure>
  );
}

function webAddress(url: string | undefined): string | undefined {
  return url !== undefined && /^https?:\/\//i.test(url) && URL.canParse(url) ? url : undefined;
}
