// Resources and templates: read, watch, fill in.
import type { Resource, ResourceTemplate } from "everywire";
import { useMemo } from "preact/hooks";
import { link, resources, runs, select, selection, server, templates, watched } from "../state/app";
import { readResource, suggester, watchResource } from "../state/actions";
import { loadResources } from "../state/connection";
import { openResource } from "../state/navigate";
import { useStore } from "../state/store";
import { Runs } from "../render/runs";
import { Badge, Button, Empty } from "../ui/bits";
import { bytes, plural } from "../ui/format";
import { ItemList } from "./list";
import { Split } from "./split";
import { TextArguments } from "./text-arguments";
import { expand, variables } from "../schema/uri-template";

const TEMPLATE = "template ";

export function ResourcesView() {
  const listing = useStore(resources);
  const { items: families } = useStore(templates);
  const { resources: selected } = useStore(selection);
  const changes = useStore(watched);
  const template = selected?.startsWith(TEMPLATE) ? families.find((one) => TEMPLATE + one.uriTemplate === selected) : undefined;
  const uri = selected !== undefined && !selected.startsWith(TEMPLATE) ? selected : undefined;
  const groups = [
    {
      items: listing.items.map((one) => ({
        key: one.uri, title: one.title ?? one.name, code: one.uri, subtitle: one.description,
        mark: changes.has(one.uri) ? <Badge tone="info">watched</Badge> : undefined,
      })),
    },
    {
      title: "Templates",
      items: families.map((one) => ({ key: TEMPLATE + one.uriTemplate, title: one.title ?? one.name, code: one.uriTemplate, subtitle: one.description })),
    },
  ];
  return (
    <Split
      noun="resources"
      about={template ?? uri}
      onBack={() => select("resources", undefined)}
      list={
        <ItemList
          noun="resources"
          icon="resources"
          listing={listing}
          groups={groups}
          selected={selected}
          onSelect={(key) => (key.startsWith(TEMPLATE) ? select("resources", key) : openResource(key))}
          onReload={() => void loadResources()}
        />
      }
    >
      {template && <TemplateView key={template.uriTemplate} template={template} />}
      {uri !== undefined && <ResourceView key={uri} uri={uri} resource={listing.items.find((one) => one.uri === uri)} />}
      {!template && uri === undefined && <Empty icon="resources" title="Choose a resource">It is read at once, and can be watched for changes.</Empty>}
    </Split>
  );
}

function ResourceView({ uri, resource }: { uri: string; resource: Resource | undefined }) {
  const list = useStore(runs).get(`resources/${uri}`) ?? [];
  const changes = useStore(watched).get(uri);
  const connected = useStore(link).state.status === "connected";
  const canWatch = useStore(server)?.capabilities.resources?.subscribe === true;
  return (
    <article class="detail-body">
      <header class="detail-head">
        <h2>{resource?.title ?? resource?.name ?? "Resource"}</h2>
        <p class="detail-sub">
          <code>{uri}</code>
          {resource?.mimeType && <Badge>{resource.mimeType}</Badge>}
          {resource?.size !== undefined && <Badge>{bytes(resource.size)}</Badge>}
        </p>
        {resource?.description && <p class="lead">{resource.description}</p>}
      </header>
      <div class="actions">
        <Button look="primary" icon="refresh" disabled={!connected} onClick={() => readResource(uri)}>Read again</Button>
        {canWatch && (
          <Button icon="bell" pressed={changes !== undefined} disabled={!connected} onClick={() => void watchResource(uri, changes === undefined)}>
            {changes === undefined ? "Watch" : "Watching"}
          </Button>
        )}
        {changes !== undefined && <span class="muted" role="status">{changes === 0 ? "No change so far" : plural(changes, "change")}</span>}
      </div>
      <Runs name={`resources/${uri}`} list={list} kind="resource" />
    </article>
  );
}

function TemplateView({ template }: { template: ResourceTemplate }) {
  const names = useMemo(() => variables(template.uriTemplate), [template]);
  const suggest = useMemo(() => suggester({ type: "ref/resource", uri: template.uriTemplate }), [template]);
  return (
    <article class="detail-body">
      <header class="detail-head">
        <h2>{template.title ?? template.name}</h2>
        <p class="detail-sub"><code>{template.uriTemplate}</code>{template.mimeType && <Badge>{template.mimeType}</Badge>}</p>
        {template.description && <p class="lead">{template.description}</p>}
      </header>
      <TextArguments
        label="Variables"
        fields={names.map((name) => ({ name, required: true }))}
        action="Read resource"
        suggest={suggest}
        preview={(values) => expand(template.uriTemplate, values)}
        onSubmit={(values) => openResource(expand(template.uriTemplate, values))}
      />
    </article>
  );
}
