// The column in the middle: a searchable list of tools, resources or prompts.
import { useRef, useState } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Listing } from "../state/app";
import { Button, Empty, Spinner } from "../ui/bits";
import { Icon, type IconName } from "../ui/icons";

export interface Item {
  readonly key: string;
  readonly title: string;
  readonly subtitle: string | undefined;
  readonly code: string;
  readonly mark?: ComponentChildren;
}

interface Props {
  readonly noun: string;
  readonly icon: IconName;
  readonly listing: Listing<unknown>;
  readonly groups: readonly { readonly title?: string; readonly items: readonly Item[] }[];
  readonly selected: string | undefined;
  readonly onSelect: (key: string) => void;
  readonly onReload: () => void;
}

export function ItemList({ noun, icon, listing, groups, selected, onSelect, onReload }: Props) {
  const [query, setQuery] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (item: Item): boolean => {
    const text = `${item.title} ${item.code} ${item.subtitle ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const shown = groups.map((group) => ({ ...group, items: group.items.filter(matches) })).filter((group) => group.items.length > 0);
  const total = groups.reduce((sum, group) => sum + group.items.length, 0);
  const first = shown[0]?.items[0];

  const move = (event: KeyboardEvent): void => {
    const buttons = [...(list.current?.querySelectorAll<HTMLElement>("button.item") ?? [])];
    const at = buttons.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to < 0) list.current?.parentElement?.querySelector<HTMLElement>("input")?.focus();
    else buttons[Math.min(to, buttons.length - 1)]?.focus();
  };

  return (
    <div class="items">
      <div class="items-head">
        <label class="search">
          <Icon name="search" size={14} />
          <input
            type="search"
            data-search
            placeholder={`Search ${noun}`}
            aria-label={`Search ${noun}`}
            value={query}
            onInput={(event) => setQuery(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && first) onSelect(first.key);
              else if (event.key === "ArrowDown") move(event);
              else if (event.key === "Escape" && query) {
                event.preventDefault();
                setQuery("");
              }
            }}
          />
          <kbd aria-hidden="true">/</kbd>
        </label>
        <Button look="quiet" icon="refresh" label={`Read the ${noun} again`} disabled={listing.status === "loading"} onClick={onReload} />
      </div>
      <div class="items-scroll" ref={list} onKeyDown={move}>
        {listing.status === "loading" && total === 0 && <p class="nothing"><Spinner /> Reading the {noun}…</p>}
        {listing.status === "failed" && <p class="problem list-problem" role="alert">{listing.error?.message}</p>}
        {listing.status === "ready" && total === 0 && <Empty icon={icon} title={`No ${noun}`}>This server offers none.</Empty>}
        {total > 0 && first === undefined && <p class="nothing">Nothing matches “{query}”.</p>}
        {shown.map((group, index) => (
          <section key={group.title ?? index}>
            {group.title && <h2 class="eyebrow items-title">{group.title}</h2>}
            <ul>
              {group.items.map((item) => (
                <li key={item.key}>
                  <button type="button" class="item" aria-current={item.key === selected ? "true" : undefined} onClick={() => onSelect(item.key)}>
                    <span class="item-title">{item.title}{item.mark}</span>
                    {item.code !== item.title && <code>{item.code}</code>}
                    {item.subtitle && <span class="item-text">{item.subtitle}</span>}
                  </button>
                </li>
              ))}
            </ul>
          </section>
        ))}
      </div>
    </div>
  );
}
