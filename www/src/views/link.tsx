// The state of the link: a pill in the header, a banner while it is down.
import { useEffect, useState } from "preact/hooks";
import { link, log } from "../state/app";
import { again, close, tryNow } from "../state/connection";
import { useStore } from "../state/store";
import { Button, type Tone } from "../ui/bits";
import { Icon } from "../ui/icons";

const words = { connecting: "Connecting", connected: "Connected", reconnecting: "Reconnecting", closed: "Closed" } as const;
const tones: Readonly<Record<keyof typeof words, Tone>> = { connecting: "warn", connected: "good", reconnecting: "warn", closed: "bad" };

export function LinkPill() {
  const { state } = useStore(link);
  return <span class={`pill ${tones[state.status]}`}><span class="dot" aria-hidden="true" /><span class="pill-word">{words[state.status]}</span></span>;
}

/** Seconds until the next attempt, counted down here so that the client needs no timer for it. */
function useCountdown(until: number): number {
  const [now, setNow] = useState(performance.now());
  useEffect(() => {
    setNow(performance.now());
    const timer = setInterval(() => setNow(performance.now()), 200);
    return () => clearInterval(timer);
  }, [until]);
  return Math.max(0, Math.ceil((until - now) / 1000));
}

export function LinkBanner() {
  const { state, since } = useStore(link);
  if (state.status === "reconnecting") return <Reconnecting attempt={state.attempt} until={since + state.retryInMs} reason={state.reason?.message} />;
  if (state.status === "connecting") return <p class="banner warn"><Icon name="refresh" /> Connecting…</p>;
  if (state.status !== "closed") return null;
  return (
    <div class="banner bad" role="alert">
      <Icon name="warn" />
      <p><strong>The connection is closed.</strong> {state.reason?.message}</p>
      <Button small onClick={again}>Connect again</Button>
    </div>
  );
}

function Reconnecting({ attempt, until, reason }: { attempt: number; until: number; reason: string | undefined }) {
  const left = useCountdown(until);
  return (
    <div class="banner warn" data-reconnecting>
      <span class="spin"><Icon name="refresh" /></span>
      <p>
        <strong>{left > 0 ? `Reconnecting in ${left} s` : "Reconnecting now"}</strong>
        <span class="muted"> · attempt {attempt}</span>
        {reason && <span class="banner-reason muted"> · {reason}</span>}
      </p>
      <Button small onClick={() => { log.link("try now"); tryNow(); }}>Try now</Button>
      <Button small look="quiet" onClick={close}>Disconnect</Button>
    </div>
  );
}
