// One of several texts at a time. Arrow keys, Home and End move between the tabs, as the ARIA practices have it.
import type { ComponentChildren } from "preact";
import { useId, useRef, useState } from "preact/hooks";

interface Tab {
  readonly id: string;
  readonly label: string;
}

interface Props<T extends Tab> {
  readonly label: string;
  readonly tabs: readonly T[];
  readonly children: (tab: T) => ComponentChildren;
}

export function Tabs<T extends Tab>({ label, tabs, children }: Props<T>) {
  const [chosen, setChosen] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const prefix = useId();
  const current = tabs[chosen] ?? tabs[0];
  if (!current) return null;
  const move = (to: number): void => {
    setChosen(to);
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[to]?.focus();
  };
  return (
    <div class="tabs">
      <div
        class="tab-list"
        role="tablist"
        aria-label={label}
        ref={list}
        onKeyDown={(event) => {
          const last = tabs.length - 1;
          const to = { ArrowRight: chosen === last ? 0 : chosen + 1, ArrowLeft: chosen === 0 ? last : chosen - 1, Home: 0, End: last }[event.key];
          if (to === undefined) return;
          event.preventDefault();
          move(to);
        }}
      >
        {tabs.map((tab, index) => (
          <button
            key={tab.id}
            id={`${prefix}-tab-${tab.id}`}
            type="button"
            role="tab"
            class="tab"
            aria-selected={tab === current}
            aria-controls={`${prefix}-panel`}
            tabIndex={tab === current ? 0 : -1}
            onClick={() => setChosen(index)}
          >
            {tab.label}
          </button>
        ))}
      </div>
      <div id={`${prefix}-panel`} role="tabpanel" class="tab-panel" aria-labelledby={`${prefix}-tab-${current.id}`}>{children(current)}</div>
    </div>
  );
}
