// The view of a field tree. Values and messages come from the pure model in ../schema.
import { Button } from "../ui/bits";
import { emptyRow, isList, isParts, type Draft } from "../schema/draft";
import type { Field, ListField, ObjectField } from "../schema/model";
import { useControl, type ControlProps } from "./context";
import { BooleanControl, ChoiceControl, ChoicesControl, isSegmented, isSwitch, NumberControl, RawControl, TextControl } from "./controls";

/** The fields of the root object, without a frame around them. */
export function Fields({ field, draft, path, onChange }: ControlProps<ObjectField>) {
  const parts = isParts(draft) ? draft : {};
  return (
    <div class="fields">
      {field.fields.map((part) => (
        <FieldRow
          key={part.name}
          field={part}
          draft={parts[part.name]}
          path={`${path}/${part.name}`}
          onChange={(value) => onChange({ ...parts, [part.name]: value })}
        />
      ))}
    </div>
  );
}

export function FieldRow(props: ControlProps) {
  const { field, path } = props;
  const { id, problem } = useControl(field, path);
  const grouped = field.kind === "list" || field.kind === "object";
  const hint = field.description && <p class="hint" id={`${id}-hint`}>{field.description}</p>;
  const message = problem && <p class="problem" id={`${id}-problem`}>{problem}</p>;
  if (grouped) {
    return (
      <fieldset class="field group" aria-describedby={problem ? `${id}-problem` : undefined}>
        <legend><Title field={field} /></legend>
        {hint}
        <Control {...props} />
        {message}
      </fieldset>
    );
  }
  // A group of controls names itself; a single one is named by its label.
  const own = field.kind === "choices" || (field.kind === "choice" && isSegmented(field)) || (field.kind === "boolean" && !isSwitch(field));
  return (
    <div class={`field ${field.kind}`}>
      <div class="field-head">
        {own ? <span class="field-label"><Title field={field} /></span> : <label class="field-label" for={id}><Title field={field} /></label>}
        {field.kind === "boolean" && <Control {...props} />}
      </div>
      {hint}
      {field.kind !== "boolean" && <Control {...props} />}
      {message}
    </div>
  );
}

/** Kinds whose control cannot say `aria-required` itself. */
const unsaid: ReadonlySet<Field["kind"]> = new Set(["list", "object", "choices"]);

function Title({ field }: { field: Field }) {
  const technical = field.name && field.name.toLowerCase() !== field.title.toLowerCase();
  return (
    <>
      <span>{field.title}</span>
      {field.required && field.kind !== "boolean" && <span class="required" title="Required" aria-hidden="true">*</span>}
      {field.required && unsaid.has(field.kind) && <span class="sr">required</span>}
      {technical && <code class="field-name" aria-hidden="true">{field.name}</code>}
    </>
  );
}

function Control(props: ControlProps) {
  const { field } = props;
  switch (field.kind) {
    case "text": return <TextControl {...props} field={field} />;
    case "number": return <NumberControl {...props} field={field} />;
    case "boolean": return <BooleanControl {...props} field={field} />;
    case "choice": return <ChoiceControl {...props} field={field} />;
    case "choices": return <ChoicesControl {...props} field={field} />;
    case "list": return <ListControl {...props} field={field} />;
    case "object": return <Fields {...props} field={field} />;
    case "raw": return <RawControl {...props} field={field} />;
  }
}

function ListControl({ field, draft, path, onChange }: ControlProps<ListField>) {
  const rows = isList(draft) ? draft.rows : [];
  const move = (index: number, by: number): void => {
    const next = [...rows];
    const [row] = next.splice(index, 1);
    if (row) next.splice(index + by, 0, row);
    onChange({ rows: next });
  };
  const full = field.max !== undefined && rows.length >= field.max;
  return (
    <div class="list">
      <ol class="list-rows">
        {rows.map((row, index) => {
          const at = `${path}/${index}`;
          const change = (value: Draft): void => onChange({ rows: rows.map((one) => (one.key === row.key ? { ...one, draft: value } : one)) });
          // Said by screen readers; the number beside the row says it to the eye.
          const item: Field = { ...field.item, title: `${field.title} ${index + 1}` };
          return (
            <li key={row.key} class="list-row">
              <div class="list-body">
                {item.kind === "object"
                  ? <fieldset class="plain"><legend class="list-number">{index + 1}</legend><Fields field={item} draft={row.draft} path={at} onChange={change} /></fieldset>
                  : <FieldRow field={item} draft={row.draft} path={at} onChange={change} />}
              </div>
              <div class="list-buttons">
                <Button look="quiet" small icon="up" label={`Move item ${index + 1} up`} disabled={index === 0} onClick={() => move(index, -1)} />
                <Button look="quiet" small icon="down" label={`Move item ${index + 1} down`} disabled={index === rows.length - 1} onClick={() => move(index, 1)} />
                <Button look="quiet" small icon="trash" label={`Remove item ${index + 1}`} onClick={() => onChange({ rows: rows.filter((one) => one !== row) })} />
              </div>
            </li>
          );
        })}
      </ol>
      <Button small icon="plus" disabled={full} onClick={() => onChange({ rows: [...rows, emptyRow(field)] })}>Add item</Button>
    </div>
  );
}
