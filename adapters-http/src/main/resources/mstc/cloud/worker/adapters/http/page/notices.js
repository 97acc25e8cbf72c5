/** Short messages to whoever uses the page, also to those who do not see it. */

const SHOWN_FOR = 7_000;
const toasts = document.getElementById("toasts");
const announcer = document.getElementById("announcer");

/** Says it to screen readers, when they have nothing else to say. */
export function announce(text) {
  announcer.textContent = text;
}

/** Shows a message for some seconds. */
export function say(text) {
  announce(text);
  const toast = show(text, "good");
  setTimeout(() => toast.remove(), SHOWN_FOR);
}

/** Shows what went wrong, until it is closed. */
export function complain(text) {
  announce(text);
  show(text, "bad");
}

function show(text, tone) {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.dataset.tone = tone;
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.className = "quiet";
  close.textContent = "✕";
  close.ariaLabel = "Close the message";
  close.addEventListener("click", () => toast.remove());
  toast.append(words, close);
  toasts.append(toast);
  return toast;
}
