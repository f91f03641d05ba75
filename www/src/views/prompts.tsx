// Prompts: the list, the arguments, the messages that come out.
import type { Prompt } from "everywire";
import { useMemo } from "preact/hooks";
import { prompts, runs, select, selection } from "../state/app";
import { renderPrompt, suggester } from "../state/actions";
import { loadPrompts } from "../state/connection";
import { useStore } from "../state/store";
import { Runs } from "../render/runs";
import { Empty } from "../ui/bits";
import { ItemList } from "./list";
import { Split } from "./split";
import { TextArguments } from "./text-arguments";

export function PromptsView() {
  const listing = useStore(prompts);
  const { prompts: selected } = useStore(selection);
  const prompt = listing.items.find((one) => one.name === selected);
  return (
    <Split
      noun="prompts"
      about={prompt}
      onBack={() => select("prompts", undefined)}
      list={
        <ItemList
          noun="prompts"
          icon="prompts"
          listing={listing}
          groups={[{ items: listing.items.map((one) => ({ key: one.name, title: one.title ?? one.name, code: one.name, subtitle: one.description })) }]}
          selected={selected}
          onSelect={(name) => select("prompts", name)}
          onReload={() => void loadPrompts()}
        />
      }
    >
      {prompt ? <PromptView key={prompt.name} prompt={prompt} /> : <Empty icon="prompts" title="Choose a prompt">Fill in its arguments to see its messages.</Empty>}
    </Split>
  );
}

function PromptView({ prompt }: { prompt: Prompt }) {
  const list = useStore(runs).get(`prompts/${prompt.name}`) ?? [];
  const suggest = useMemo(() => suggester({ type: "ref/prompt", name: prompt.name }), [prompt.name]);
  return (
    <article class="detail-body">
      <header class="detail-head">
        <h2>{prompt.title ?? prompt.name}</h2>
        <p class="detail-sub"><code>{prompt.name}</code></p>
        {prompt.description && <p class="lead">{prompt.description}</p>}
      </header>
      <TextArguments
        label="Arguments"
        fields={prompt.arguments ?? []}
        action="Get prompt"
        suggest={suggest}
        onSubmit={(values) => renderPrompt(prompt.name, values)}
      />
      <Runs name={`prompts/${prompt.name}`} list={list} kind="prompt" />
    </article>
  );
}
