const byId = (id) => document.getElementById(id);

/** The keys of the page. They do nothing where people write, and none of them changes a job. */
export function listenToKeys({ list, detail, submit, closeDetail }) {
  const search = () => byId("text").select();
  const actions = {
    "/": search,
    j: () => list.table.move(1),
    k: () => list.table.move(-1),
    n: submit,
    s: () => detail.name && byId("log-text").select(),
    "?": () => byId("help").showModal(),
    Escape: () => detail.name && closeDetail(),
  };
  const arrows = { ArrowDown: 1, ArrowUp: -1 };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.matches("input, textarea")) {
      if (event.key === "Escape") leave(event.target, list);
      return;
    }
    const inTable = byId("rows").contains(event.target) || event.target === document.body;
    const act = arrows[event.key] && inTable ? () => list.table.move(arrows[event.key]) : actions[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** Empties the field, or leaves it if it is empty. */
function leave(field, list) {
  if (field.value !== "") {
    field.value = "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  } else if (field.id === "log-text") byId("log-lines").focus();
  else list.table.focus();
}
