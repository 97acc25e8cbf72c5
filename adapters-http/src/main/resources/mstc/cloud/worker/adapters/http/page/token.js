const byId = (id) => document.getElementById(id);

/** Asks for the token, and waits until there is one. */
export function askForToken(refused) {
  const dialog = byId("token-dialog");
  const field = byId("token");
  if (refused)
    byId("token-text").textContent =
      "The worker did not accept this token. Its operator knows the right one: mstc.http.token.";
  field.value = "";
  // There is nothing to see without it.
  dialog.oncancel = (event) => event.preventDefault();
  dialog.showModal();
  return new Promise((resolve) => {
    byId("token-form").onsubmit = (event) => {
      event.preventDefault();
      dialog.close();
      resolve(field.value.trim());
    };
  });
}
