import type { Lab, SessionState } from "../../lab/index.ts";
import { type Language, strings } from "../language.ts";

/** A place of a lab one can be at: the introduction, a step, the end. */
export interface Place {
  readonly id: string;
  readonly kind: "intro" | "step" | "finish";
  readonly title: string;
  readonly done: boolean;
}

/** All places of a lab in the order they are gone through. A section without a heading is called after its role. */
export function placesOf(lab: Lab, state: SessionState, language: Language): readonly Place[] {
  const text = strings(language).steps;
  const title = (id: string, otherwise: string) => lab.prose[language][id]?.title || otherwise;
  const steps = lab.steps.map(({ id }): Place => {
    const done = state.steps.find((step) => step.id === id)?.done ?? false;
    return { id, kind: "step", title: title(id, id), done };
  });
  return [
    { id: "intro", kind: "intro", title: title("intro", lab.title[language]), done: true },
    ...steps,
    { id: "finish", kind: "finish", title: title("finish", text.finish), done: state.result !== undefined },
  ];
}

/** The place before (−1) or after (+1) the one that is open; undefined at the ends. */
export function neighbour(lab: Lab, place: string, by: -1 | 1): string | undefined {
  const ids = ["intro", ...lab.steps.map(({ id }) => id), "finish"];
  const at = ids.indexOf(place);
  return at < 0 ? undefined : ids[at + by];
}

/** What a task is called where no markup can be shown. */
export function plainTaskName(lab: Lab, id: string, language: Language): string {
  const task = lab.tasks[id];
  const name = task?.kind === "ask" ? task.question[language] : task?.say?.[language];
  return (name ?? id).replaceAll(/[`*]/g, "");
}
