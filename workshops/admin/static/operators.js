// What Piccolo Admin 1.14 leaves out, told by the requests that its page makes:
//
// - after a Save the form keeps the values it was opened with, so that a second Save
//   would look like a change of an old version: the form gets the stored values
//   (upstream: test_form_shows_what_was_stored);
// - a rejection on a list is not shown at all, or only as "Invalid column name or
//   value": the server's sentence is shown (upstream: test_rejection_is_shown_on_a_list);
// - buttons that the operator may not use are hidden, fields that a Save cannot change
//   cannot be typed in, and what a new row gets by itself is not asked for;
// - a status can be changed only to one that may follow it;
// - a log-in leads to the page that asked for it;
// - a row's form links to its workshop's page and to its audit log, the first page to
//   the progress pages; every page has a title of its own, every field a name
//   (upstream: test_page_has_a_title_of_its_own).
"use strict";

(() => {
  const root = document.documentElement;

  // Piccolo Admin is light until told otherwise, and stores that as a choice: here the
  // system decides until the operator has.
  const stored = { get: Storage.prototype.getItem, set: Storage.prototype.setItem };
  const bySystem = () => String(matchMedia("(prefers-color-scheme: dark)").matches);
  let starting = true;
  Storage.prototype.getItem = function (key) {
    const value = stored.get.call(this, key);
    return starting && key === "darkMode" && value === null ? bySystem() : value;
  };
  Storage.prototype.setItem = function (key, value) {
    if (key === "darkMode" && starting) starting = false;
    else stored.set.call(this, key, value);
  };
  addEventListener("theme", ({ detail }) => {
    starting = true; // What follows is not the operator's choice.
    const store = document.getElementById("app").__vue_app__.config.globalProperties.$store;
    store.commit("updateDarkMode", (detail ?? bySystem()) === "true");
    starting = false;
  });

  // The header of the progress pages takes the place of Piccolo Admin's.
  async function putHeader() {
    if (document.querySelector("header.bar")) return;
    const response = await fetch("../progress/header/", { redirect: "manual" });
    if (!response.ok || document.querySelector("header.bar")) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    document.body.prepend(fresh.querySelector("header.bar"));
    root.dataset.header = "ours";
    const script = document.createElement("script");
    script.src = "../progress/static/header.js";
    document.head.append(script);
  }
  const open = XMLHttpRequest.prototype.open;

  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    const path = String(url);
    const verb = String(method).toUpperCase();
    this.addEventListener("load", () => {
      if (path.includes("/user/") && this.status === 200) learnRole();
      if (verb === "POST" && path.includes("public/login/") && this.status === 200) goOn();
      if (!path.includes("api/tables/")) return;
      if (verb === "GET" && path.includes("/schema/")) learnFields(this);
      const [table, row] = place();
      if (verb === "GET" && row && path.split("?")[0].endsWith(`/${table}/${row}/`)) {
        if (this.status === 200) learnRow(this, table);
      }
      if (verb === "PATCH" && this.status === 200) {
        learnRow(this, table);
        if (!onList()) refill(this); // there the fields are those of the filters
      }
      if (verb !== "GET" && this.status >= 400 && onList()) show(this);
    });
    return open.call(this, method, url, ...rest);
  };

  // Where the operator wanted to be: a page that has sent them here, or a place of the
  // admin itself, with its filters, which Piccolo Admin leaves out. Where somebody was
  // logged in before, the page begins anew: header and tables were that one's.
  let wanted = "#/";
  let entered = false;

  function goOn() {
    const next = new URLSearchParams(location.search).get("next") ?? "";
    const target = new URL(next, location.origin);
    if (next && target.origin === location.origin && target.pathname.startsWith("/progress/")) {
      location.replace(target);
    } else {
      entered = true;
    }
  }

  function arrive() {
    if (place()[0] === "login") return;
    if (entered) {
      entered = false;
      location.replace(wanted);
      if (document.querySelector("header.bar")) location.reload();
    }
    wanted = location.hash || "#/";
  }

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
    document.getElementById("rejection")?.remove();
    const box = document.createElement("div");
    box.id = "rejection";
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
  let titles = {};
  let following = {};
  let shown = { table: "", row: {} };

  async function learnFields(request) {
    const schema = await answer(request);
    fixed = schema.extra.fixed_columns;
    titles = schema.properties;
    following = schema.extra.next_statuses;
    mend();
  }

  async function learnRow(request, table) {
    shown = { table, row: await answer(request) };
    mend();
  }

  // What a new row gets by itself, whatever its form says.
  const GIVEN = ["created_at", "updated_at", "share_token", "started_at", "completed_at"];

  const boxOf = (field) => field.closest("form > div > div");

  function mend() {
    const [table, row] = place();
    if ((table ?? "") !== root.dataset.place) mark(); // Piccolo Admin tells of no hashchange
    arrive();
    name();
    welcome();
    for (const field of document.getElementsByName("row_version")) {
      boxOf(field)?.classList.add("not-offered");
    }
    if (!row) return;
    label();
    if (row === "add") {
      for (const column of GIVEN) {
        for (const field of document.getElementsByName(column)) {
          boxOf(field)?.classList.add("not-offered");
        }
      }
      return;
    }
    lock();
    offer(table);
    lead(table, row);
  }

  function offer(table) {
    if (shown.table !== table || !Object.keys(following).length) return;
    for (const option of document.querySelectorAll("#app form select[name=status] option")) {
      const now = shown.row.status;
      const possible = option.value === now || (following[now] ?? []).includes(option.value);
      if (option.disabled === possible) option.disabled = !possible;
      if (option.hidden === possible) option.hidden = !possible;
    }
  }

  function name() {
    const headings = [...document.querySelectorAll("#app h1:not(#overlay h1)")];
    const texts = headings.map((heading) => heading.firstChild?.textContent.trim());
    const text = place().length && texts.find((text) => text && text !== "WorkshopPilot");
    const title = text
      ? `${text[0].toUpperCase()}${text.slice(1).replaceAll("_", " ")} · WorkshopPilot`
      : "WorkshopPilot";
    if (document.title !== title) document.title = title;
  }

  function welcome() {
    const box = document.querySelector(".welcome");
    if (!box || box.querySelector(".welcome-links")) return;
    const list = document.createElement("ul");
    list.className = "welcome-links";
    for (const [path, text, why] of [
      ["../progress/", "Progress board", "which workshops move, and which are stuck"],
      ["../progress/steps/", "Step funnel", "at which step they are, and how long steps take"],
      ["../progress/people/", "People", "what one person has done, to export or to erase"],
      ["../progress/new/", "New workshop", "with its owner and its steps"],
    ]) {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = path;
      link.textContent = text;
      item.append(link, `: ${why}`);
      list.append(item);
    }
    box.append(list);
  }

  // Piccolo Admin's labels belong to no field.
  function label() {
    for (const box of document.querySelectorAll("#app form > div > div")) {
      const text = box.querySelector(":scope > label")?.firstChild?.textContent.trim();
      const field = box.querySelector("input:not([type=hidden]), select, textarea");
      if (text && field && !field.hasAttribute("aria-label")) field.ariaLabel = text;
    }
  }

  function lock() {
    const looking = root.dataset.role === "viewer" || root.dataset.table === "read-only";
    for (const column of looking ? Object.keys(titles) : fixed) {
      for (const field of document.getElementsByName(column)) {
        const seen = field.type === "hidden" ? field.parentElement : field;
        const inputs = seen === field ? [field] : seen.querySelectorAll("input");
        for (const input of inputs) {
          if (input.tagName === "SELECT") input.disabled = true;
          else if (!input.readOnly) input.readOnly = true;
        }
      }
    }
  }

  // The page uses one heading for row after row.
  function lead(table, row) {
    const heading = document.querySelector("#app form")?.parentElement?.querySelector("h1");
    const key = `${table}/${shown.row.id}`;
    if (!heading || shown.table !== table || heading.dataset.row === key) return;
    heading.dataset.row = key;
    for (const link of heading.querySelectorAll(".row-link")) link.remove();
    const ofWorkshop = ["workshops", "workshop_progress", "follow_ups"].includes(table);
    const workshop = ofWorkshop ? shown.row.id : shown.row.workshop_id;
    if (workshop) {
      const step = table === "workshop_steps" ? `#step-${shown.row.step_id}` : "";
      addLink(
        heading,
        `../progress/workshops/${encodeURIComponent(workshop)}/${step}`,
        ofWorkshop ? "Steps, timeline and actions" : "Its workshop's page",
        "progress-link",
      );
    }
    if (table === "step_definitions") {
      const page = `../progress/definitions/${encodeURIComponent(shown.row.id)}/`;
      addLink(heading, page, "Edit with preview and history", "progress-link");
    }
    if (table !== "admin_audit_log") {
      addLink(heading, `#/admin_audit_log?row_id=${row}`, "Audit log", "audit-link");
    }
  }

  function addLink(heading, address, text, kind) {
    const link = document.createElement("a");
    link.className = `row-link ${kind}`;
    link.href = address;
    link.textContent = text;
    heading.append(link);
  }

  // The page is drawn and drawn again: it is put right whenever it has changed.
  new MutationObserver(mend).observe(root, { childList: true, subtree: true });

  async function learnRole() {
    const response = await fetch("./site/operator.json");
    if (!response.ok) return;
    const operator = await response.json();
    putHeader();
    root.dataset.role = operator.superuser ? "superuser" : "viewer";
    root.dataset.readOnly = operator.read_only_tables.join(" ");
    mark();
    mend();
  }

  function mark() {
    document.getElementById("rejection")?.remove();
    const readOnly = (root.dataset.readOnly ?? "").split(" ");
    root.dataset.place = place()[0] ?? "";
    root.dataset.table = readOnly.includes(place()[0]) ? "read-only" : "editable";
  }

  addEventListener("hashchange", mark);
  mark();
})();
