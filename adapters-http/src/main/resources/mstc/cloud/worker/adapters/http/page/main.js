import { onTokenNeeded } from "./api.js";
import { Connection } from "./connection.js";
import { Detail } from "./detail.js";
import { Jobs } from "./jobs.js";
import { listenToKeys } from "./keys.js";
import { List } from "./list.js";
import { SubmitForm } from "./submit.js";
import { askForToken } from "./token.js";

const byId = (id) => document.getElementById(id);

onTokenNeeded(askForToken);
const connection = new Connection(() => jobs.retry());
const jobs = new Jobs(connection);
const list = new List(jobs, (name) => go(`#/jobs/${encodeURIComponent(name)}`));
const detail = new Detail(jobs, { useLabel: (label) => list.useLabel(label), close: closeDetail });
const form = new SubmitForm({ close: (name) => go(name ? `#/jobs/${encodeURIComponent(name)}` : behind) });
/** What is seen behind the form. */
let behind = "";

jobs.onChange(() => {
  let running = 0;
  for (const job of jobs.all()) if (job.state === "RUNNING") running++;
  if (!detail.name) document.title = running ? `${running} running · MSTC jobs` : "MSTC jobs";
});
addEventListener("popstate", show);
listenToKeys({ list, detail, submit: () => go("#/submit"), closeDetail });
byId("open-help").addEventListener("click", () => byId("help").showModal());
byId("close-help").addEventListener("click", () => byId("help").close());
byId("close-detail").addEventListener("click", (event) => {
  event.preventDefault();
  closeDetail();
});
show();

/** Shows what the address says. */
function show() {
  list.readAddress();
  const [, place, name] = location.hash.split("/").map(decoded);
  if (place === "submit") {
    form.open(name);
    return;
  }
  behind = location.hash;
  form.hide();
  if (place === "jobs" && name) detail.open(name);
  else detail.hide();
  list.table.markOpened(detail.name);
}

function go(hash) {
  if (hash !== location.hash) history.pushState(null, "", location.pathname + location.search + hash);
  show();
}

function closeDetail() {
  go("");
  list.table.focus();
}

/** The text behind an address's escapes; as it is if they are broken. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
