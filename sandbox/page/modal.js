// The modal on top of a person's stack, and Slack's small "are you sure?" dialog.

import { blocks } from "/page/blocks.js";
import { h } from "/page/dom.js";
import { text } from "/page/elements.js";

const dialog = document.getElementById("modal");
const asking = document.getElementById("confirm");

// Show `view`, or nothing for null. What was typed stays when the app changes the view in place.
export function showModal(view, { world, send, act, suggest, confirm }) {
  if (!view) return hideModal();
  const fingerprint = JSON.stringify([view.id, view.hash]);
  if (dialog.fingerprint === fingerprint) return;
  const values = dialog.viewId === view.id ? dialog.values : {};
  Object.assign(dialog, { fingerprint, viewId: view.id, values });
  const where = { view_id: view.id, values };
  const form = {
    world,
    values,
    confirm,
    act: (item, blockId, raw) => act(item, blockId, raw, where),
    suggest: (item, blockId, typed) => suggest(item, blockId, typed, where),
  };
  const held = dialog.contains(document.activeElement) && document.activeElement.dataset.actionId;
  dialog.replaceChildren(body(view, form, send));
  dialog.oncancel = (event) => {
    event.preventDefault();
    send("close", { view_id: view.id });
  };
  if (!dialog.open) dialog.showModal();
  const same = held && dialog.querySelector(`[data-action-id="${CSS.escape(held)}"]`);
  (same || dialog.querySelector(".blocks :is(input, textarea, select)") || dialog.querySelector("footer button:last-child")).focus();
}

function hideModal() {
  dialog.fingerprint = dialog.viewId = null;
  if (!dialog.open) return;
  dialog.close();
  // The button that opened it may have been replaced meanwhile.
  if (document.activeElement === document.body) document.getElementById("composer").focus();
}

function body(view, form, send) {
  const close = () => send("close", { view_id: view.id });
  const submit = async (event) => {
    event.preventDefault();
    if (event.target.hasAttribute("aria-busy")) return;
    event.target.setAttribute("aria-busy", "true");
    const answer = await send("submit", { view_id: view.id, values: form.values }).finally(() => event.target.removeAttribute("aria-busy"));
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
