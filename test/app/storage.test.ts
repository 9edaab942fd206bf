import { describe, expect, it } from "vitest";
import { keepVisit, readVisits } from "../../src/app/labs.ts";
import { keepPreferences, readPreferences } from "../../src/app/preferences.ts";
import { openStorage } from "../../src/app/storage.ts";

describe("storage where IndexedDB is not to be had", () => {
  it("forgets with the page, and says so", async () => {
    const storage = await openStorage();
    await storage.set("key", "value");
    expect([storage.forgetful, await storage.get("key")]).toEqual([true, "value"]);
  });

  it("keeps preferences, and reads damaged ones as the browser's own wishes", async () => {
    const storage = await openStorage();
    const chosen = { language: "zh", theme: "dark", stepsWidth: 520, screenReader: true } as const;
    await keepPreferences(storage, chosen);
    expect(await readPreferences(storage, ["en-GB"])).toEqual(chosen);
    await storage.set("preferences", "{broken");
    expect(await readPreferences(storage, ["fr", "zh-TW"])).toMatchObject({ language: "zh", theme: "auto" });
  });

  it("keeps how far one is in each lab", async () => {
    const storage = await openStorage();
    await keepVisit(storage, "one", { done: 2, finished: false });
    await keepVisit(storage, "two", { done: 5, finished: true });
    expect(await readVisits(storage)).toEqual({ one: { done: 2, finished: false }, two: { done: 5, finished: true } });
  });
});
