// The question of the server that is next in line.
import { questions, server } from "../state/app";
import { useStore } from "../state/store";
import { ElicitDialog } from "./elicit";
import { SampleDialog } from "./sample";

export function Questions() {
  const waiting = useStore(questions);
  const known = useStore(server)?.serverInfo;
  const first = waiting[0];
  if (!first) return null;
  const from = first.server?.title ?? first.server?.name ?? known?.title ?? known?.name ?? "The server";
  const aside = waiting.length > 1 ? `${waiting.length - 1} more waiting` : undefined;
  return first.kind === "elicitation"
    ? <ElicitDialog key={first.key} question={first} from={from} aside={aside} />
    : <SampleDialog key={first.key} question={first} from={from} aside={aside} />;
}
