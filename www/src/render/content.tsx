// Content of a peer: shown as text, never as markup; pictures and sound only from data: URLs.
import type { ContentBlock, ResourceContents, SamplingContent } from "everywire";
import { Badge, Copy } from "../ui/bits";
import { Icon } from "../ui/icons";
import { bytes, dataUrl, pretty } from "../ui/format";
import { openResource } from "../state/navigate";
import { JsonTree } from "./json-tree";

/** Longer text is cut until asked for: a page of a hundred megabytes helps nobody. */
const LONG = 20_000;

export function Contents({ blocks }: { blocks: readonly unknown[] }) {
  return <div class="contents">{blocks.map((block, index) => <Content key={index} block={block as ContentBlock} />)}</div>;
}

export function Content({ block }: { block: ContentBlock | SamplingContent }) {
  switch (block?.type) {
    case "text":
      return typeof block.text === "string" ? <Text text={block.text} /> : <Unknown value={block} />;
    case "image":
      return <Picture data={block.data} mimeType={block.mimeType} />;
    case "audio":
      return <Sound data={block.data} mimeType={block.mimeType} />;
    case "resource_link":
      return (
        <figure class="content">
          <figcaption><Icon name="link" size={13} /> Resource link {block.mimeType && <Badge>{block.mimeType}</Badge>}</figcaption>
          <button type="button" class="resource-link" onClick={() => openResource(String(block.uri))}>
            <strong>{String(block.title ?? block.name)}</strong>
            <code>{String(block.uri)}</code>
            {block.description && <span>{block.description}</span>}
          </button>
        </figure>
      );
    case "resource":
      return <Resource contents={block.resource} embedded />;
    default:
      return <Unknown value={block} />;
  }
}

/** What `resources/read` brings, and what is embedded in a result. */
export function Resource({ contents, embedded = false }: { contents: ResourceContents; embedded?: boolean }) {
  const mimeType = typeof contents?.mimeType === "string" ? contents.mimeType : undefined;
  const caption = (
    <figcaption>
      <Icon name="resources" size={13} /> {embedded && "Embedded resource "}<code>{contents?.uri}</code> {mimeType && <Badge>{mimeType}</Badge>}
    </figcaption>
  );
  if (typeof contents?.text === "string") {
    const json = mimeType?.includes("json") ? parsed(contents.text) : undefined;
    return (
      <figure class="content">
        {caption}
        {json === undefined ? <Body text={contents.text} /> : <JsonTree value={json} />}
        <span class="content-copy"><Copy text={contents.text} /></span>
      </figure>
    );
  }
  if (typeof contents?.blob === "string") {
    if (mimeType?.startsWith("image/")) return <Picture data={contents.blob} mimeType={mimeType} caption={contents.uri} />;
    if (mimeType?.startsWith("audio/")) return <Sound data={contents.blob} mimeType={mimeType} />;
    const url = dataUrl(contents.blob, "application/octet-stream", "any");
    return (
      <figure class="content">
        {caption}
        <p class="binary">
          {bytes(Math.floor((contents.blob.length * 3) / 4))} of binary data.{" "}
          {url && <a href={url} download={String(contents.uri).split("/").pop() || "resource"} rel="noopener">Save to a file</a>}
        </p>
      </figure>
    );
  }
  return <Unknown value={contents} />;
}

export function Text({ text }: { text: string }) {
  return (
    <figure class="content">
      <Body text={text} />
      <span class="content-copy"><Copy text={text} label="Copy text" /></span>
    </figure>
  );
}

function Body({ text }: { text: string }) {
  if (text === "") return <p class="nothing">Empty text.</p>;
  const cut = text.length > LONG;
  return (
    <>
      <pre class="text" tabIndex={0} role="group" aria-label="Text">{cut ? text.slice(0, LONG) : text}</pre>
      {cut && <p class="nothing">The first {LONG} of {text.length} characters. Copy has all of them.</p>}
    </>
  );
}

function Picture({ data, mimeType, caption }: { data: string; mimeType: string; caption?: string }) {
  const url = dataUrl(data, mimeType, "image");
  if (!url) return <Unknown value={{ type: "image", mimeType, data }} />;
  return (
    <figure class="content media">
      <img src={url} alt={caption ? `Image ${caption}` : "Image from the server"} />
      <figcaption>{caption && <code>{caption}</code>} <Badge>{mimeType}</Badge> {bytes(Math.floor((String(data).length * 3) / 4))}</figcaption>
    </figure>
  );
}

function Sound({ data, mimeType }: { data: string; mimeType: string }) {
  const url = dataUrl(data, mimeType, "audio");
  if (!url) return <Unknown value={{ type: "audio", mimeType, data }} />;
  return (
    <figure class="content media">
      <audio controls src={url} aria-label="Audio from the server" />
      <figcaption><Badge>{mimeType}</Badge> {bytes(Math.floor((String(data).length * 3) / 4))}</figcaption>
    </figure>
  );
}

function Unknown({ value }: { value: unknown }) {
  return (
    <figure class="content">
      <figcaption><Icon name="warn" size={13} /> Content that this page does not know</figcaption>
      <JsonTree value={value} />
      <span class="content-copy"><Copy text={() => pretty(value)} /></span>
    </figure>
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
