// The event log: each frame, newest last. Rows off screen cost no layout (`content-visibility`).
import { Component } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { log } from "../state/app";
import type { Entry, Kind } from "../state/log";
import { useStore } from "../state/store";
import { Button, Copy, Empty, Segments } from "../ui/bits";
import { Icon } from "../ui/icons";
import { bytes, duration, plural, pretty, timeOfDay } from "../ui/format";

type Filter = "all" | "calls" | "notices" | "errors";
const kinds: Readonly<Record<Filter, readonly Kind[] | undefined>> = {
  all: undefined,
  calls: ["request", "response", "question", "error"],
  notices: ["notification", "log", "link"],
  errors: ["error"],
};
/** Rows drawn before "earlier" is asked for. */
const PAGE = 300;

export function LogPanel({ onClose }: { onClose?: () => void }) {
  const entries = useStore(log.entries);
  const paused = useStore(log.paused);
  const missed = useStore(log.missed);
  const [filter, setFilter] = useState<Filter>("all");
  const [query, setQuery] = useState("");
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const [limit, setLimit] = useState(PAGE);
  const scroll = useRef<HTMLDivElement>(null);
  const stuck = useRef(true);

  const found = useMemo(() => {
    const wanted = kinds[filter];
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    return entries.filter((entry) => {
      if (wanted && !wanted.includes(entry.kind)) return false;
      if (words.length === 0) return true;
      const text = `${entry.label} ${entry.about} ${entry.text}`.toLowerCase();
      return words.every((word) => text.includes(word));
    });
  }, [entries, filter, query]);
  const shown = found.slice(-limit);

  // Stays at the newest row, unless the person has scrolled away from it.
  useLayoutEffect(() => {
    const element = scroll.current;
    if (element && stuck.current) element.scrollTop = element.scrollHeight;
  }, [shown]);
  useEffect(() => { stuck.current = true; }, [filter, query]);
  // A stable function, so that rows already drawn are not drawn again.
  const toggle = useMemo(() => (key: number): void => setOpen((all) => {
    const next = new Set(all);
    if (!next.delete(key)) next.add(key);
    return next;
  }), []);

  return (
    <section class="log" aria-label="Event log">
      <header class="log-head">
        <h2>Event log</h2>
        <span class="log-count">{found.length === entries.length ? entries.length : `${found.length} of ${entries.length}`}</span>
        <span class="spring" />
        <Button look="quiet" small icon={paused ? "play" : "pause"} pressed={paused} label={paused ? "Go on recording" : "Pause recording"} onClick={() => log.pause(!paused)} />
        <Button look="quiet" small icon="trash" label="Clear the log" onClick={() => { log.clear(); setOpen(new Set()); }} />
        {onClose && <Button look="quiet" small icon="close" label="Hide the log" onClick={onClose} />}
      </header>
      <div class="log-tools">
        <label class="search small">
          <Icon name="search" size={13} />
          <input type="search" placeholder="Filter" aria-label="Filter the log" value={query} onInput={(event) => setQuery(event.currentTarget.value)} />
        </label>
        <Segments
          label="Kind of event"
          name="log-kind"
          value={filter}
          options={[{ value: "all", label: "All" }, { value: "calls", label: "Calls" }, { value: "notices", label: "Notices" }, { value: "errors", label: "Errors" }]}
          onChange={setFilter}
        />
      </div>
      {paused && <p class="log-paused" role="status">Paused{missed > 0 && ` · ${plural(missed, "event")} not recorded`}</p>}
      <div
        class="log-scroll"
        ref={scroll}
        tabIndex={0}
        role="region"
        aria-label="Events"
        onScroll={(event) => {
          const { scrollTop, scrollHeight, clientHeight } = event.currentTarget;
          stuck.current = scrollHeight - scrollTop - clientHeight < 24;
        }}
      >
        {found.length > shown.length && <button type="button" class="json-more log-more" onClick={() => { stuck.current = false; setLimit(limit + PAGE); }}>{found.length - shown.length} earlier</button>}
        {shown.length === 0 && <Empty icon="log" title={entries.length === 0 ? "No event yet" : "Nothing matches"} />}
        <ol>{shown.map((entry) => <Row key={entry.key} entry={entry} open={open.has(entry.key)} onToggle={toggle} />)}</ol>
      </div>
    </section>
  );
}

interface RowProps {
  readonly entry: Entry;
  readonly open: boolean;
  readonly onToggle: (key: number) => void;
}

const spoken = { in: "received", out: "sent", none: "" } as const;

const answers: Partial<Record<Kind, string>> = { response: "result", question: "asks", error: "error" };

/** Drawn again only when its own row changes. */
class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    return next.entry !== this.props.entry || next.open !== this.props.open;
  }

  override render({ entry, open, onToggle }: RowProps) {
    const answer = answers[entry.kind];
    return (
      <li class={`event ${entry.kind} ${entry.direction}${open ? " open" : ""}`}>
        <button type="button" class="event-row" aria-expanded={entry.text ? open : undefined} disabled={!entry.text} onClick={() => onToggle(entry.key)}>
          <span class="event-arrow">{entry.direction === "none" ? <span class="event-dot" /> : <Icon name={entry.direction} size={13} />}<span class="sr">{spoken[entry.direction]}</span></span>
          <span class="event-label">
            {answer && <span class="event-answer">{answer}</span>}
            {entry.label.replace(/^notifications\//, "")}
            {entry.about && <span class="event-about">{entry.about}</span>}
          </span>
          <span class="event-side">
            {entry.took !== undefined && <span class="event-took">{duration(entry.took)}</span>}
            {entry.direction !== "none" && <span class="event-size">{bytes(entry.size)}</span>}
            <time>{timeOfDay(entry.time)}</time>
          </span>
        </button>
        {open && <Frame entry={entry} />}
      </li>
    );
  }
}

/** Longer frames are cut: the browser should not lay out megabytes for a glance. */
const LONG = 40_000;

function Frame({ entry }: { entry: Entry }) {
  const text = useMemo(() => readable(entry.text), [entry]);
  return (
    <div class="event-frame">
      <pre tabIndex={0} role="group" aria-label="Frame">{text.length > LONG ? `${text.slice(0, LONG)}\n… ${text.length - LONG} more characters; copy has all of them` : text}</pre>
      <span class="content-copy"><Copy text={text} label="Copy the frame" /></span>
    </div>
  );
}

function readable(text: string): string {
  try {
    return pretty(JSON.parse(text));
  } catch {
    return text;
  }
}
