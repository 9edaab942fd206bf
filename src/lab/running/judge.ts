import type { AskTask, Tolerance } from "../lab.ts";

/** Longest answer kept, in characters. */
const MOST_ANSWER = 500;

/** @returns the answer as it is kept, or undefined when the question cannot take it */
export function acceptAnswer(task: AskTask, text: string): string | undefined {
  const answer = text.trim();
  if (answer === "" || answer.length > MOST_ANSWER) return undefined;
  if (task.reply.kind === "choice") return task.reply.choices.some(({ value }) => value === text) ? text : undefined;
  if (task.reply.kind === "number") return parseNumber(answer) === undefined ? undefined : answer;
  return answer;
}

/**
 * @param answer as {@link acceptAnswer} gave it
 * @param value the true value, as text
 */
export function isRight(task: AskTask, answer: string, value: string): boolean {
  if (task.reply.kind === "choice") return answer === value;
  if (task.reply.kind === "number") return isNear(parseNumber(answer), parseNumber(value), task.reply.tolerance);
  return plain(answer) === plain(value);
}

/** Upper and lower case and the width of spaces say nothing about an answer. */
const plain = (text: string) => text.trim().replace(/\s+/g, " ").toLowerCase();

function isNear(answer: number | undefined, value: number | undefined, tolerance: Tolerance): boolean {
  if (answer === undefined || value === undefined) return false;
  const most = tolerance.by === "share" ? tolerance.value * Math.abs(value) : tolerance.value;
  // 0.3 must be within 0.1 of 0.2: binary fractions are not exact
  return Math.abs(answer - value) <= most + 1e-9 * Math.abs(value);
}

/** Numbers as people write them: `1,204`, `1 204`, `1_204`, `1.5e6`, `0x4b4`; @returns undefined for anything else */
export function parseNumber(text: string): number | undefined {
  const digits = text.trim().replace(/(?<=\d)[,_\s\u00a0\u202f](?=\d{3}(?!\d))/g, "");
  if (!/^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|0x[0-9a-f]+)$/i.test(digits)) return undefined;
  const value = Number(digits);
  return Number.isFinite(value) ? value : undefined;
}
