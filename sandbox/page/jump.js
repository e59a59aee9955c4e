// Ctrl-K or Cmd-K: to a channel, to Home, or into somebody's place.

import { combobox } from "/page/combobox.js";

const dialog = document.getElementById("jump");
const field = document.getElementById("jump-field");

// `places()` returns [{label, detail, value, go}].
export function jumping(button, places) {
  const find = (text) => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    return places().filter(({ label, detail }) => words.every((word) => `${label} ${detail ?? ""}`.toLowerCase().includes(word)));
  };
  const pick = (place) => {
    dialog.close();
    place.go();
  };
  const list = combobox(field, { find, pick, keepOpen: true });
  const show = () => {
    if (document.querySelector("dialog[open]")) return;
    field.value = "";
    dialog.showModal();
    field.focus();
    list.ask();
  };
  dialog.addEventListener("close", list.close);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  button.addEventListener("click", show);
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    show();
  });
}
