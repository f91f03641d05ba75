// How the connection fares, in figures, since it was opened.
import type { LatencyHistogram } from "everywire";
import { useEffect, useState } from "preact/hooks";
import { client } from "../state/app";
import { useStore } from "../state/store";
import { compact, duration, integer } from "../ui/format";
import { columns } from "../ui/histogram";

export function MetricsPanel() {
  const open = useStore(client);
  const [metrics, setMetrics] = useState(open?.metrics());
  useEffect(() => {
    const look = (): void => setMetrics(open?.metrics());
    look();
    const timer = setInterval(look, 1000);
    return () => clearInterval(timer);
  }, [open]);
  if (!metrics) return null;
  const figures: [name: string, value: string, explanation: string][] = [
    ["Messages in", integer(metrics.messagesIn), "Messages received"],
    ["Messages out", integer(metrics.messagesOut), "Messages sent"],
    ["Characters in", compact(metrics.bytesIn), "Text received, in UTF-16 code units"],
    ["Characters out", compact(metrics.bytesOut), "Text sent, in UTF-16 code units"],
    ["In flight", integer(metrics.inFlight), "Calls that wait for their answer now"],
    ["Completed", integer(metrics.completed), "Calls answered with a result"],
    ["Errors", integer(metrics.errors), "Calls that failed, whatever the reason"],
    ["Timeouts", integer(metrics.timeouts), "Calls whose time was over"],
    ["Cancelled", integer(metrics.cancelled), "Calls given up here"],
    ["Questions", integer(metrics.inputs), "Questions of the server taken up"],
    ["Reconnects", integer(metrics.reconnects), "Connections made after the first one"],
    ["Probes", integer(metrics.pings), "Keep-alive probes sent"],
  ];
  return (
    <section class="card">
      <div class="card-head"><h3>Metrics</h3></div>
      <dl class="figures card-body">
        {figures.map(([name, value, title]) => <div key={name} title={title}><dt>{name}</dt><dd>{value}</dd></div>)}
      </dl>
      <Histogram latency={metrics.latency} />
    </section>
  );
}

function Histogram({ latency }: { latency: LatencyHistogram }) {
  const list = columns(latency.buckets);
  const total = list.reduce((sum, one) => sum + one.many, 0);
  if (total === 0) return null;
  const most = Math.max(...list.map((one) => one.many));
  return (
    <figure class="histogram card-body">
      <figcaption class="eyebrow">Time to answer · {integer(total)} {total === 1 ? "call" : "calls"} · {duration(latency.sumMicros / 1000 / total)} on average</figcaption>
      <ol>
        {list.map(({ many, below }) => (
          <li key={below} title={`under ${duration(below)}: ${many}`}>
            <span class="histogram-column" aria-hidden="true"><span style={{ height: `${(many / most) * 100}%` }} /></span>
            <span class="histogram-label" aria-hidden="true">{duration(below)}</span>
            <span class="sr">under {duration(below)}: {many}</span>
          </li>
        ))}
      </ol>
    </figure>
  );
}
