// The frame of the page: header, navigation, the chosen view, the log beside it.
import { useEffect, useState } from "preact/hooks";
import { announcement, client, prompts, resources, toasts, tools, view, type View } from "../state/app";
import { logOpen, type Asked } from "../state/prefs";
import { useStore } from "../state/store";
import { Icon, type IconName } from "../ui/icons";
import { ConnectView } from "./connect";
import { Header } from "./header";
import { Help } from "./help";
import { LinkBanner } from "./link";
import { LogPanel } from "./log";
import { PromptsView } from "./prompts";
import { Questions } from "./questions";
import { ResourcesView } from "./resources";
import { ServerView } from "./server";
import { ToolsView } from "./tools";

const views: readonly { readonly view: View; readonly label: string; readonly icon: IconName }[] = [
  { view: "tools", label: "Tools", icon: "tools" },
  { view: "resources", label: "Resources", icon: "resources" },
  { view: "prompts", label: "Prompts", icon: "prompts" },
  { view: "server", label: "Server", icon: "server" },
  { view: "log", label: "Log", icon: "log" },
];

const wideScreen = matchMedia("(min-width: 1180px)");

function useWide(): boolean {
  const [wide, setWide] = useState(wideScreen.matches);
  useEffect(() => {
    const look = (): void => setWide(wideScreen.matches);
    wideScreen.addEventListener("change", look);
    return () => wideScreen.removeEventListener("change", look);
  }, []);
  return wide;
}

export function Shell({ prefill }: { prefill: Asked }) {
  const open = useStore(client);
  const wide = useWide();
  const [help, setHelp] = useState(false);
  useShortcuts(() => setHelp(true));
  return (
    <>
      <a class="skip" href="#main">Skip to the content</a>
      <div class="shell">
        <Header wide={wide} onHelp={() => setHelp(true)} />
        {open ? <Workspace wide={wide} /> : <main id="main" class="main-connect"><ConnectView prefill={prefill} /></main>}
      </div>
      <Questions />
      {help && <Help onClose={() => setHelp(false)} />}
      <Notices />
    </>
  );
}

function Workspace({ wide }: { wide: boolean }) {
  const chosen = useStore(view);
  const logShown = useStore(logOpen) && wide;
  // On a wide screen the log is beside every view.
  const current = wide && chosen === "log" ? "tools" : chosen;
  return (
    <>
      <LinkBanner />
      <div class={`workspace${logShown ? " with-log" : ""}`}>
        <Navigation current={current} wide={wide} />
        <main id="main" class="main" tabIndex={-1}>
          <h1 class="sr">everywire inspector: {current}</h1>
          {current === "tools" && <ToolsView />}
          {current === "resources" && <ResourcesView />}
          {current === "prompts" && <PromptsView />}
          {current === "server" && <ServerView />}
          {current === "log" && <LogPanel />}
        </main>
        {logShown && <aside class="log-side" aria-label="Log"><LogPanel onClose={() => logOpen.set(false)} /></aside>}
      </div>
    </>
  );
}

function Navigation({ current, wide }: { current: View; wide: boolean }) {
  const counts: Partial<Record<View, number>> = {
    tools: useStore(tools).items.length,
    resources: useStore(resources).items.length,
    prompts: useStore(prompts).items.length,
  };
  return (
    <nav class="nav" aria-label="Views">
      {views.filter((one) => one.view !== "log" || !wide).map((one) => (
        <button key={one.view} type="button" class="nav-item" aria-current={one.view === current ? "page" : undefined} onClick={() => view.set(one.view)}>
          <Icon name={one.icon} size={18} />
          <span class="nav-label">{one.label}</span>
          {counts[one.view] ? <span class="nav-count">{counts[one.view]}</span> : null}
        </button>
      ))}
    </nav>
  );
}

function Notices() {
  const spoken = useStore(announcement);
  const list = useStore(toasts);
  return (
    <>
      <div class="sr" role="status" aria-live="polite"><span key={spoken.key}>{spoken.text}</span></div>
      <div class="toasts" role="log" aria-live="polite" aria-label="Notices">{list.map((one) => <p key={one.key} class="toast">{one.text}</p>)}</div>
    </>
  );
}

/** Single keys work where nothing is being typed and no dialog is open. */
function useShortcuts(help: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      if (target.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]")) return;
      if (document.querySelector("dialog[open]")) return;
      if (event.key === "?") help();
      else if (!client.value) return;
      else if (event.key === "/") document.querySelector<HTMLInputElement>("[data-search]")?.focus();
      else if (event.key === "l" || event.key === "L") wideScreen.matches ? logOpen.set(!logOpen.value) : view.set("log");
      else if (/^[1-4]$/.test(event.key)) view.set(views[Number(event.key) - 1]?.view ?? "tools");
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [help]);
}
