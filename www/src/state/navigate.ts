// Going somewhere from anywhere.
import { select, view } from "./app";
import { readResource } from "./actions";

/** Shows a resource that is linked from elsewhere, and reads it. */
export function openResource(uri: string): void {
  select("resources", uri);
  view.set("resources");
  readResource(uri);
}
