// The modal on top of a person's stack, and Slack's small "are you sure?" dialog.

import { blocks } from "/page/blocks.js";
import { h } from "/page/dom.js";
import { text } from "/page/elements.js";

const dialog = document.getElementById("modal");
const asking = document.getElementById("confirm");

// Show `view`, or nothing for null. What was typed stays when the app changes the view in place.
export function showModal(view, { world, send, act, confirm }) {
  if (!view) {
    if (dialog.open) dialog.close();
    dialog.fingerprint = dialog.viewId = null;
    return;
  }
  const fingerprint = JSON.stringify([view.id, view.hash]);
  if (dialog.fingerprint === fingerprint) return;
  const values = dialog.viewId === view.id ? dialog.values : {};
  Object.assign(dialog, { fingerprint, viewId: view.id, values });
  const form = { world, values, confirm, act: (item, blockId, raw) => act(item, blockId, raw, { view_id: view.id, values }) };
  dialog.replaceChildren(body(view, form, send));
  dialog.oncancel = (event) => {
    event.preventDefault();
    send("close", { view_id: view.id });
  };
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("input, textarea, select")?.focus();
}

function body(view, form, send) {
  const close = () => send("close", { view_id: view.id });
  const submit = async (event) => {
    event.preventDefault();
    const answer = await send("submit", { view_id: view.id, values: form.values });
    for (const place of dialog.querySelectorAll("[data-error-for]")) place.textContent = answer.errors?.[place.dataset.errorFor] ?? "";
  };
  return h(
    "form",
    { onsubmit: submit, novalidate: true },
    h("header", {}, h("h2", { id: "modal-title" }, text(view.title, form.world)), h("button", { type: "button", class: "plain", "aria-label": "Close", onclick: close }, "✕")),
    h("div", { class: "blocks" }, blocks(view.blocks, form)),
    h(
      "footer",
      {},
      h("button", { type: "button", class: "button", id: "modal-close", onclick: close }, view.close ? text(view.close, form.world) : "Cancel"),
      view.submit && h("button", { type: "submit", class: "button primary", id: "modal-submit" }, text(view.submit, form.world)),
    ),
  );
}

// Ask before a risky press. Resolves to whether the person went on.
export function confirm(question, world) {
  return new Promise((decide) => {
    const end = (answer) => () => {
      asking.close();
      decide(answer);
    };
    asking.oncancel = end(false);
    asking.replaceChildren(
      h(
        "div",
        {},
        h("header", {}, h("h2", { id: "confirm-title" }, text(question.title, world))),
        h("div", { class: "blocks" }, h("p", {}, text(question.text, world))),
        h(
          "footer",
          {},
          h("button", { type: "button", class: "button", onclick: end(false) }, text(question.deny, world)),
          h("button", { type: "button", class: `button ${question.style ?? "primary"}`, onclick: end(true) }, text(question.confirm, world)),
        ),
      ),
    );
    asking.showModal();
  });
}
