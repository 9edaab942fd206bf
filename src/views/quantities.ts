/** Numbers as people read them. The same in every language of ours, so kept apart from the sentences. */

const KILO = 1000;

/**
 * A count of bytes, in kB or MB (powers of ten, as downloads are told).
 *
 * @param like the number whose unit is used, so that a pair such as "0.4 of 2.4 MB" shares one; then no unit is written
 */
export function bytes(count: number, like?: number): string {
  const scale = (like ?? count) >= KILO * KILO ? KILO * KILO : KILO;
  const figure = (count / scale).toFixed(scale === KILO ? 0 : 1);
  if (like !== undefined) return figure;
  return `${figure} ${scale === KILO ? "kB" : "MB"}`;
}

/** Milliseconds as seconds with as many digits as matter: `0.08 s`, `0.8 s`, `12 s`. */
export function seconds(milliseconds: number): string {
  const value = milliseconds / 1000;
  if (value < 0.1) return `${value.toFixed(2)} s`;
  return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} s`;
}

/** Seconds as `4:07` or `1:02:45`. */
export function clock(totalSeconds: number): string {
  const whole = Math.max(0, Math.round(totalSeconds));
  const two = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** The time of day, `14:02:09`, in the reader's zone. */
export function timeOfDay(date: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Millions with a digit after the point while it matters: `0.3`, `7.1`, `64`. */
export function millions(count: number): string {
  const value = count / 1e6;
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}

/** A share from 0 to 1 as whole per cent, one digit below ten. */
export function percent(share: number): string {
  const value = share * 100;
  return value < 9.95 ? value.toFixed(1) : value.toFixed(0);
}

/** A count with its thousands apart, by spaces that do not break. */
export function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}
