// Line icons on a 16 px grid, drawn here so that the page needs no icon font.
const paths = {
  tools: "M10.2 3.2a3.4 3.4 0 0 0-4.5 4.4L2 11.3a1.2 1.2 0 0 0 0 1.7l1 1a1.2 1.2 0 0 0 1.7 0l3.7-3.7a3.4 3.4 0 0 0 4.4-4.5L10.6 8 8.4 7.6 8 5.4z",
  resources: "M3 4.2c0-1 2.2-1.7 5-1.7s5 .7 5 1.7-2.2 1.7-5 1.7-5-.7-5-1.7zm0 0v7.6c0 1 2.2 1.7 5 1.7s5-.7 5-1.7V4.2M3 8c0 1 2.2 1.7 5 1.7S13 9 13 8",
  prompts: "M2.5 4a1.5 1.5 0 0 1 1.5-1.5h8A1.5 1.5 0 0 1 13.5 4v5.5A1.5 1.5 0 0 1 12 11H7.5L4 13.8V11a1.5 1.5 0 0 1-1.5-1.5zM5.5 5.7h5M5.5 8h3",
  server: "M3.5 2.5h9a1 1 0 0 1 1 1v3a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-3a1 1 0 0 1 1-1zM3.5 8.5h9a1 1 0 0 1 1 1v3a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-3a1 1 0 0 1 1-1zM5 5h.01M5 11h.01M8 5h3M8 11h3",
  log: "M2.5 4h11M2.5 8h11M2.5 12h7",
  search: "M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM10.7 10.7 14 14",
  close: "m4 4 8 8M12 4l-8 8",
  copy: "M6 5.5A1.5 1.5 0 0 1 7.5 4h5A1.5 1.5 0 0 1 14 5.5v7a1.5 1.5 0 0 1-1.5 1.5h-5A1.5 1.5 0 0 1 6 12.5zM10 4V3.5A1.5 1.5 0 0 0 8.5 2h-5A1.5 1.5 0 0 0 2 3.5v7A1.5 1.5 0 0 0 3.5 12H6",
  check: "m3 8.5 3.2 3.2L13 4.8",
  plus: "M8 3v10M3 8h10",
  up: "m4 9.5 4-4 4 4",
  down: "m4 6.5 4 4 4-4",
  right: "m6.5 4 4 4-4 4",
  left: "m9.5 4-4 4 4 4",
  out: "M8 13V3M3.8 7.2 8 3l4.2 4.2",
  in: "M8 3v10M3.8 8.8 8 13l4.2-4.2",
  play: "M5 3.2v9.6l7.6-4.8z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  stop: "M4.5 4.5h7v7h-7z",
  trash: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5",
  sun: "M8 10.8a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6zM8 1.6v1.2M8 13.2v1.2M1.6 8h1.2M13.2 8h1.2M3.5 3.5l.8.8M11.7 11.7l.8.8M12.5 3.5l-.8.8M4.3 11.7l-.8.8",
  moon: "M13.5 9.4A5.8 5.8 0 0 1 6.6 2.5a5.8 5.8 0 1 0 6.9 6.9z",
  panel: "M3.5 2.5h9a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-9a1 1 0 0 1-1-1v-9a1 1 0 0 1 1-1zM10 2.5v11",
  refresh: "M13.2 6.5A5.5 5.5 0 0 0 3 5.6M2.8 9.5A5.5 5.5 0 0 0 13 10.4M3 2.8v2.9h2.9M13 13.2v-2.9h-2.9",
  warn: "M8 2.5 14.2 13H1.8zM8 6.5v3M8 11.2h.01",
  info: "M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.3v3.5M8 5.1h.01",
  link: "M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2.2-2.2a2.6 2.6 0 1 0-3.7-3.7l-.7.7M9.2 6.8a2.6 2.6 0 0 0-3.7 0L3.3 9a2.6 2.6 0 1 0 3.7 3.7l.7-.7",
  power: "M8 2.2v5.3M4.6 4.3a5 5 0 1 0 6.8 0",
  bell: "M4 11.5h8l-1-1.6V7a3 3 0 0 0-6 0v2.9zM6.8 13.5h2.4",
  external: "M9.5 2.5h4v4M13.5 2.5 7.5 8.5M11.5 9.5v3a1 1 0 0 1-1 1h-7a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1h3",
  key: "M9.8 9.2a3.4 3.4 0 1 0-3-3L2.5 10.5v3h3v-1.8h1.8v-1.8z",
  keyboard: "M2.5 4.5h11a1 1 0 0 1 1 1v5a1 1 0 0 1-1 1h-11a1 1 0 0 1-1-1v-5a1 1 0 0 1 1-1zM4 7h.01M6.7 7h.01M9.3 7h.01M12 7h.01M5 9.3h6",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 16 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

/** Two ends and the wire between them. */
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" class="mark-ground" />
      <path d="M8 21c6.5 0 3-10 8-10s1.5 10 8 10" class="mark-wire" />
      <circle cx="8" cy="21" r="2.6" class="mark-end" />
      <circle cx="24" cy="21" r="2.6" class="mark-end" />
    </svg>
  );
}
