// What Piccolo Admin 1.14 leaves out, told by the requests that its page makes:
//
// - after a Save the form keeps the values it was opened with, so that a second Save
//   would look like a change of an old version: the form gets the stored values;
// - a refusal on a list is not shown at all, or only as "Invalid column name or
//   value": the server's sentence is shown;
// - buttons that the operator may not use are hidden, and fields that a Save cannot
//   change cannot be typed in;
// - a workshop's form links to the page with its steps and actions.
"use strict";

(() => {
  const root = document.documentElement;
  const open = XMLHttpRequest.prototype.open;

  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    const path = String(url);
    const verb = String(method).toUpperCase();
    this.addEventListener("load", () => {
      if (path.includes("/user/") && this.status === 200) learnRole();
      if (!path.includes("api/tables/")) return;
      if (verb === "GET" && path.includes("/schema/")) learnFields(this);
      if (verb === "PATCH" && this.status === 200) refill(this);
      if (verb !== "GET" && this.status >= 400 && onList()) show(this);
    });
    return open.call(this, method, url, ...rest);
  };

  const place = () => location.hash.replace(/^#\//, "").split("?")[0].split("/").filter(Boolean);
  const onList = () => place().length === 1;

  async function answer(request) {
    const response = request.response;
    const text = response instanceof Blob ? await response.text() : request.responseText;
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }

  async function refill(request) {
    const row = await answer(request);
    for (const [name, value] of Object.entries(row)) {
      const fields = document.getElementsByName(name);
      for (const field of fields) {
        if (!("value" in field) || field.type === "file" || field.type === "password") continue;
        let text = value === null ? "" : String(value);
        if (field.tagName === "TEXTAREA" && name === "output" && value !== null) {
          text = JSON.stringify(JSON.parse(value), null, 2);
        }
        if (field.tagName === "SELECT" && value === null) text = "null";
        if (field.value === text) continue;
        field.value = text;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.dispatchEvent(new Event("change", { bubbles: true }));
      }
    }
  }

  async function show(request) {
    const content = await answer(request);
    let sentence = content;
    if (content && typeof content === "object") {
      sentence = Array.isArray(content.detail)
        ? content.detail.map((item) => `${item.loc.at(-1)} ${item.msg}`).join(" ")
        : content.detail;
    }
    document.getElementById("refusal")?.remove();
    const box = document.createElement("div");
    box.id = "refusal";
    box.setAttribute("role", "alert");
    box.append(String(sentence));
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "×";
    close.setAttribute("aria-label", "Close");
    close.addEventListener("click", () => box.remove());
    box.append(close);
    document.body.append(box);
  }

  let fixed = [];

  async function learnFields(request) {
    fixed = (await answer(request)).extra.fixed_columns;
    mend();
  }

  function mend() {
    for (const field of document.getElementsByName("row_version")) {
      const box = field.closest("div");
      box.classList.add("row-version");
      const label = box.previousElementSibling;
      if (label?.tagName === "LABEL") label.classList.add("row-version");
    }
    const [table, row] = place();
    if (!row || row === "add") return;
    for (const name of fixed) {
      for (const field of document.getElementsByName(name)) {
        const seen = field.type === "hidden" ? field.parentElement : field;
        const inputs = seen === field ? [field] : seen.querySelectorAll("input");
        for (const input of inputs) if (!input.readOnly) input.readOnly = true;
      }
    }
    const heading = document.querySelector("form")?.parentElement?.querySelector("h1");
    const shown = ["workshops", "workshop_progress"].includes(table);
    if (shown && heading && !heading.querySelector(".progress-link")) {
      const link = document.createElement("a");
      link.className = "progress-link";
      link.href = `../progress/workshops/${row}/`;
      link.textContent = "Steps, timeline and actions";
      heading.append(link);
    }
  }

  // The page is drawn and drawn again: it is put right whenever it has changed.
  new MutationObserver(mend).observe(root, { childList: true, subtree: true });

  async function learnRole() {
    const response = await fetch("./site/operator.json");
    if (!response.ok) return;
    const operator = await response.json();
    root.dataset.role = operator.superuser ? "superuser" : "viewer";
    root.dataset.readOnly = operator.read_only_tables.join(" ");
    mark();
  }

  function mark() {
    document.getElementById("refusal")?.remove();
    const readOnly = (root.dataset.readOnly ?? "").split(" ");
    root.dataset.table = readOnly.includes(place()[0]) ? "read-only" : "editable";
  }

  addEventListener("hashchange", mark);
  mark();
})();
