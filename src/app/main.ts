import { readAddress } from "./address.ts";
import { RingsideApp } from "./app.ts";
import { readPreferences } from "./preferences.ts";
import { openStorage } from "./storage.ts";
import { showTheme } from "./theme.ts";

/** Starts the page: what an address needs is fetched while the storage opens. */
async function main() {
  const address = readAddress(location.search);
  if (address.theme) showTheme(address.theme);
  if (address.route.page !== "catalogue") void import("./lab-page.ts").catch(() => undefined);
  const storage = await openStorage();
  const app = new RingsideApp();
  app.storage = storage;
  app.preferences = await readPreferences(storage, navigator.languages);
  document.getElementById("page")?.replaceWith(app);
}

void main();
