import { jobPath, post, request } from "./api.js";
import { complain, say } from "./notices.js";
import { count } from "./words.js";

/** So many names are sent in one request. */
const PER_REQUEST = 1_000;
const byId = (id) => document.getElementById(id);

/** Cancels one job, if that is confirmed. */
export async function cancelOne(name) {
  await confirm({
    heading: "Cancel this job?",
    text: `${name} is ended. Whoever waits for its reply gets one that says so. What it has written so far is kept.`,
    yes: "Cancel job",
    no: "Keep it",
    act: async () => {
      await request(jobPath(name), { method: "DELETE" });
      say(`${name} is being cancelled.`);
    },
  });
}

/** Ends the waiting of a job whose process has ended, if that is confirmed. */
export async function giveUp(name) {
  await confirm({
    heading: "Give up waiting?",
    text: `${name} has ended. It is answered as it ended, and no longer waits for its log to be stored or for a reply queue; what is not stored by then is lost.`,
    yes: "Give up",
    no: "Keep waiting",
    act: async () => {
      await request(jobPath(name), { method: "DELETE" });
      say(`${name} waits no longer.`);
    },
  });
}

/**
 * Asks the worker which of these jobs would be cancelled, shows them, and then cancels exactly those.
 *
 * @param runsOn tells whether a job has not ended meanwhile: one that has must not lose its log
 */
export async function cancelShown(names, runsOn) {
  let preview;
  try {
    preview = await cancel(names, true);
  } catch (problem) {
    complain(problem.message);
    return;
  }
  const { jobs } = preview;
  if (jobs.length === 0) {
    say("All of them have ended meanwhile: there is nothing to cancel.");
    return;
  }
  await confirm({
    heading: `Cancel ${count(jobs.length, "job")}?`,
    text: "These match the filter and have not ended. Whoever waits for their replies gets one that says so.",
    list: jobs,
    yes: `Cancel ${count(jobs.length, "job")}`,
    no: jobs.length === 1 ? "Keep it" : "Keep them",
    act: async () => {
      const stillRun = jobs.filter(runsOn);
      const result = await cancel(stillRun, false);
      if (stillRun.length < jobs.length) say(`${count(jobs.length - stillRun.length, "job")} had ended meanwhile.`);
      const failures = Object.entries(result.failures);
      if (result.jobs.length > 0)
        say(`${count(result.jobs.length, "job")} ${result.jobs.length === 1 ? "is" : "are"} being cancelled.`);
      if (failures.length > 0) {
        complain(
          `Not cancelled: ${failures
            .slice(0, 5)
            .map(([name, why]) => `${name}: ${why}`)
            .join("; ")}${failures.length > 5 ? `; and ${failures.length - 5} more` : ""}`,
        );
      }
    },
  });
}

async function cancel(names, preview) {
  const all = { jobs: [], failures: {} };
  for (let from = 0; from < names.length; from += PER_REQUEST) {
    const part = await post("/mstc/jobs:cancel", { names: names.slice(from, from + PER_REQUEST), preview });
    all.jobs.push(...part.jobs);
    Object.assign(all.failures, part.failures);
  }
  return all;
}

/** Asks, and does it if the answer is yes; stays open with the reason if it fails. */
function confirm({ heading, text, list, yes, no, act }) {
  const dialog = byId("confirm");
  byId("confirm-heading").textContent = heading;
  byId("confirm-text").textContent = text;
  byId("confirm-list").hidden = !list;
  byId("confirm-list").replaceChildren(...(list ?? []).map(item));
  byId("confirm-error").hidden = true;
  byId("confirm-no").textContent = no;
  const button = byId("confirm-yes");
  button.textContent = yes;
  button.disabled = false;
  button.onclick = async () => {
    button.disabled = true;
    try {
      await act();
      dialog.close();
    } catch (problem) {
      byId("confirm-error").textContent = problem.message;
      byId("confirm-error").hidden = false;
      button.disabled = false;
    }
  };
  byId("confirm-no").onclick = () => dialog.close();
  dialog.showModal();
  byId("confirm-no").focus();
  return new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
}

function item(name) {
  const element = document.createElement("li");
  element.textContent = name;
  return element;
}
