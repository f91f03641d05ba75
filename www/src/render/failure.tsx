// An error: what happened, what to do, and what the server said about it.
import type { Failure } from "../state/app";
import { lastTarget } from "../state/connection";
import { bridged } from "../state/prefs";
import { Badge, Copy } from "../ui/bits";
import { Icon } from "../ui/icons";
import { pretty } from "../ui/format";
import { Doctor } from "../views/doctor";
import { JsonTree } from "./json-tree";

/** What a person can do about it, where the message of the error does not already say so. */
const advice: Readonly<Record<string, string>> = {
  rpc: "The server refused the request. Its message above is the reason; look at the arguments, then call again.",
  interrupted: "Look on the server whether it has run before you call again.",
  timeout: "The server did not answer in time. See in the log whether it still sends anything.",
  connection_lost: "Wait until the connection is back, then call again.",
  auth_required: "Disconnect, then connect again with a token.",
  too_large: "Ask for less at a time.",
};

export function FailureView({ failure }: { failure: Failure }) {
  const behind = bridged.value !== undefined && /\bbackend: /.test(failure.message);
  const hint = behind ? "The terminal where the bridge runs shows what the server wrote to its standard error." : advice[failure.code];
  // The whole of it names each phase and all that may be wrong with it; which it is can be found out.
  const unexplained = failure.diagnose && failure.code === "cors_or_network";
  return (
    <div class="failure-block">
      <div class="failure" role="alert">
        <div class="failure-head">
          <Icon name="warn" />
          <p class="failure-message">{unexplained ? "No answer came that this page may read, and a browser does not say why." : failure.message}</p>
        </div>
        {unexplained && <details class="failure-more"><summary>What was tried</summary><p>{failure.message}</p></details>}
        <p class="failure-codes">
          <Badge tone="bad">{failure.code}</Badge>
          {failure.rpcCode !== undefined && <Badge>JSON-RPC {failure.rpcCode}</Badge>}
          {failure.maybeExecuted && <Badge tone="warn">may have run</Badge>}
        </p>
        {hint && <p class="failure-hint">{hint}</p>}
        {failure.data !== undefined && (
          <div class="failure-data">
            <p class="eyebrow">Data <Copy text={() => pretty(failure.data)} label="Copy data" /></p>
            <JsonTree value={failure.data} label="Error data" />
          </div>
        )}
      </div>
      {failure.diagnose && <Doctor diagnose={failure.diagnose} url={lastTarget()?.url ?? ""} />}
    </div>
  );
}
