// What the server asks of the person in front of the page. One dialog at a time, in the order they came.
import type { CreateMessageRequest, CreateMessageResult, ElicitRequest, ElicitResult, InputContext } from "everywire";
import { announce, newKey, questions, server, toast, type Question } from "./app";

export const elicit = (request: ElicitRequest, context: InputContext): Promise<ElicitResult> =>
  ask<ElicitResult>(context, (asked, done) => ({ ...asked, kind: "elicitation", request, answer: done }), { action: "cancel" });

export const sample = (request: CreateMessageRequest, context: InputContext): Promise<CreateMessageResult> =>
  ask<CreateMessageResult>(context, (asked, done, fail) => ({
    ...asked, kind: "sampling", request, answer: done, refuse: () => fail(new Error("The person declined to answer.")),
  }));

function ask<T>(
  context: InputContext,
  make: (asked: Pick<Question, "key" | "server">, done: (result: T) => void, fail: (error: Error) => void) => Question,
  withdrawn?: T,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const key = newKey();
    const remove = (): boolean => {
      const before = questions.value;
      questions.set(before.filter((one) => one.key !== key));
      return questions.value.length < before.length;
    };
    const done = (result: T): void => {
      remove();
      resolve(result);
    };
    const fail = (error: Error): void => {
      remove();
      reject(error);
    };
    context.signal.addEventListener("abort", () => {
      if (remove()) toast("The question is withdrawn: it was cancelled, or took too long.");
      if (withdrawn === undefined) reject(new Error("The question was withdrawn."));
      else resolve(withdrawn);
    });
    questions.update((list) => [...list, make({ key, server: context.server ?? server.value?.serverInfo }, done, fail)]);
    announce("The server asks for input.");
  });
}
